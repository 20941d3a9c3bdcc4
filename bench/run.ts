import { question as throughput } from './round-trip.js'
import { buildBaseline } from './support/baseline.js'
import { chooseCpus, describeMachine } from './support/machine.js'
import * as fs from 'node:fs'
const b = buildBaseline()
const baseline = 'program' in b ? b.program : undefined
const memory = fs.mkdtempSync('/dev/shm/ticktape-bench-'), disk = fs.mkdtempSync('/var/tmp/ticktape-bench-')
console.log(describeMachine(chooseCpus()))
try {
const a = await throughput.ask({ quick: true, rounds: 5, cpus: chooseCpus(), baseline, memory, disk, say: console.log })
console.log(JSON.stringify(a.comparisons), a.targets)
} finally { fs.rmSync(memory, { recursive: true }); fs.rmSync(disk, { recursive: true }) }
