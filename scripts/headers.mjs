// Node's headers, if they are installed with it, so that building the addon needs no download.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The prefix of the running Node if its headers are there; otherwise undefined, and node-gyp downloads them. */
export function headerPrefix() {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined
}

/** The environment for node-gyp 12 and for prebuildify, which has no flag for the headers. Compiles on all cores. */
export function gypEnvironment() {
  const prefix = headerPrefix()
  const environment = { JOBS: 'max', ...process.env }
  return prefix ? { ...environment, npm_package_config_node_gyp_nodedir: prefix } : environment
}
