// Loaded into a process with --import: makes it start its child processes with another program, an emulator.
process.execPath = process.env.TICKTAPE_EXEC_PATH
