/** Whether this is Bun, whose engine is JavaScriptCore. Code that depends on it explains the difference from Node. */
export const isBun = 'bun' in process.versions
