/** The library under test: the one in dist of this repository. */
export * from '../../../dist/public/index.js'
export * from '../../../dist/public/state.js'
