/** Options of Node that are about one process alone, or run something else in place of a module. Those that end a pattern with $ are whole. */
const OWN = [
  /^-(e|p|pe|i|c|h|v)$/,
  /^--(eval|print|interactive|check|help|version|run|test|prof-process|build-snapshot|build-snapshot-config|input-type|v8-options)(=|$)/,
  /^--(inspect|debug|watch|test-)/,
]

/** Those of them whose value is the next argument when it is not behind a '='. */
const WITH_VALUE =
  /^(-e|-p|-pe|--eval|--print|--input-type|--run|--inspect-port|--debug-port|--inspect-publish-uid|--watch-path)$/

/** What this process was started with and its children shall have too: loaders (--import, --require, --loader), conditions, limits, V8's flags. */
export function inheritedOptions(options: readonly string[] = process.execArgv): string[] {
  const inherited: string[] = []
  for (let i = 0; i < options.length; i++) {
    if (!OWN.some(pattern => pattern.test(options[i]))) inherited.push(options[i])
    else if (WITH_VALUE.test(options[i])) i++
  }
  return inherited
}
