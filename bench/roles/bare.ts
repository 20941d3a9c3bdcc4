// A Node process that does nothing: what the start of any process costs.
process.send?.('ready')
process.on('disconnect', () => process.exit())
