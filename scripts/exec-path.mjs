// Loaded into a process (--import), has the processes that it starts run by another program: an emulator.
process.execPath = process.env.TICKTAPE_EXEC_PATH
