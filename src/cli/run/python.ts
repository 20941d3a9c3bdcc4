export const PYTHON_HELP = "the interpreter that runs strategies in Python; default: the variable PYTHON, or 'python3'"

/** Sets the interpreter for the strategies in Python that this process starts. */
export function usePython(program: string | undefined): void {
  if (program !== undefined) process.env['PYTHON'] = program
}
