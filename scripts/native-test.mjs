// Builds and runs the C++ tests. Argument: a preset of CMakePresets.json (debug, release, asan, tsan); debug if none.
import { availableParallelism } from 'node:os'
import { run } from './run.mjs'

const preset = process.argv[2] ?? 'debug'
run('cmake', ['--preset', preset])
run('cmake', ['--build', '--preset', preset, '--parallel', String(availableParallelism())])
run('ctest', ['--preset', preset], { show: true })
