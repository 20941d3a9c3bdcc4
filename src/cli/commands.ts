import type { Command } from 'commander'

/** Adds one or more commands to the program. */
type Register = (program: Command) => void

/** A module of commands. It is loaded when one of them is wanted: the runtime is hundreds of files, and `ls` needs none. */
export interface CommandModule {
  readonly names: readonly string[]
  readonly load: () => Promise<Register>
}

/** All commands, as the help lists them. */
export const COMMANDS: readonly CommandModule[] = [
  { names: ['demo'], load: async () => (await import('./demo/demo.js')).registerDemo },
  { names: ['run'], load: async () => (await import('./commands/run.js')).registerRun },
  { names: ['fake-venue'], load: async () => (await import('./commands/fake-venue.js')).registerFakeVenue },
  { names: ['backtest'], load: async () => (await import('./commands/backtest.js')).registerBacktest },
  { names: ['capture'], load: async () => (await import('./commands/capture.js')).registerCapture },
  { names: ['record'], load: async () => (await import('./commands/record.js')).registerRecord },
  { names: ['replay'], load: async () => (await import('./commands/replay.js')).registerReplay },
  { names: ['reset'], load: async () => (await import('./commands/reset.js')).registerReset },
  { names: ['orders'], load: async () => (await import('./commands/orders.js')).registerOrders },
  { names: ['positions'], load: async () => (await import('./commands/positions.js')).registerPositions },
  { names: ['why'], load: async () => (await import('./commands/why.js')).registerWhy },
  { names: ['sql'], load: async () => (await import('./commands/sql.js')).registerSql },
  { names: ['export'], load: async () => (await import('./commands/export.js')).registerExport },
  { names: ['import'], load: async () => (await import('./commands/import.js')).registerImport },
  { names: ['archive', 'restore'], load: async () => (await import('./commands/archive.js')).registerArchive },
  { names: ['replicate'], load: async () => (await import('./commands/replicate.js')).registerReplicate },
  { names: ['serve'], load: async () => (await import('./commands/serve.js')).registerServe },
  { names: ['tail'], load: async () => (await import('./commands/tail.js')).registerTail },
  { names: ['ls'], load: async () => (await import('./commands/ls.js')).registerLs },
  { names: ['verify'], load: async () => (await import('./commands/verify.js')).registerVerify },
  { names: ['codegen'], load: async () => (await import('./commands/codegen.js')).registerCodegen },
  { names: ['repair'], load: async () => (await import('./commands/repair.js')).registerRepair },
  { names: ['prune'], load: async () => (await import('./commands/prune.js')).registerPrune },
  { names: ['doctor'], load: async () => (await import('./doctor/doctor.js')).registerDoctor },
  {
    names: ['halt', 'resume', 'breaker'],
    load: async () => (await import('./commands/breaker.js')).registerBreaker,
  },
  { names: ['strategy'], load: async () => (await import('./commands/strategy.js')).registerStrategy },
  { names: ['flatten'], load: async () => (await import('./commands/flatten.js')).registerFlatten },
  { names: ['cancel-all', 'cancel'], load: async () => (await import('./commands/cancel.js')).registerCancel },
  { names: ['top'], load: async () => (await import('./commands/top.js')).registerTop },
  { names: ['watch'], load: async () => (await import('./commands/watch.js')).registerWatch },
  { names: ['metrics'], load: async () => (await import('./commands/metrics.js')).registerMetrics },
  { names: ['limits'], load: async () => (await import('./commands/limits.js')).registerLimits },
]
