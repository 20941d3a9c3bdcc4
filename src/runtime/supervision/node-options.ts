/**
 * Options of Node that concern one process only, or run something other than a module. A pattern with $ matches the
 * complete option.
 */
const NOT_INHERITED = [
  /^-(e|p|pe|i|c|h|v)$/,
  /^--(eval|print|interactive|check|help|version|run|test|prof-process|build-snapshot|build-snapshot-config|input-type|v8-options)(=|$)/,
  /^--(inspect|debug|watch|test-)/,
]

/** Those of them that take the next argument as their value, unless it follows a '='. */
const WITH_VALUE =
  /^(-e|-p|-pe|--eval|--print|--input-type|--run|--inspect-port|--debug-port|--inspect-publish-uid|--watch-path)$/

/**
 * The options of this process that its children get too: loaders (--import, --require, --loader), conditions, limits,
 * V8's flags.
 */
export function inheritedOptions(options: readonly string[] = process.execArgv): string[] {
  const inherited: string[] = []
  for (let i = 0; i < options.length; i++) {
    if (!NOT_INHERITED.some(pattern => pattern.test(options[i]))) inherited.push(options[i])
    else if (WITH_VALUE.test(options[i])) i++
  }
  return inherited
}
