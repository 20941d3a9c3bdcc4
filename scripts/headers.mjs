// Node's own headers, where they are installed with it, so that building the addon needs no download.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The prefix of the running Node when its headers are there, else undefined: node-gyp then downloads them. */
export function headerPrefix() {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined
}

/** An environment for node-gyp 12 and prebuildify, which has no flag for it. */
export function gypEnvironment() {
  const prefix = headerPrefix()
  return prefix ? { ...process.env, npm_package_config_node_gyp_nodedir: prefix } : process.env
}
