/** The environment of this process for one that it starts, without the variables whose names match. */
export function environmentWithout(hidden: RegExp | undefined): NodeJS.ProcessEnv {
  if (hidden === undefined) return process.env
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !hidden.test(name)))
}
