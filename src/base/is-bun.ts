/** Whether this is Bun, whose engine is JavaScriptCore. What it does otherwise than Node is said where it matters. */
export const isBun = 'bun' in process.versions
