// Builds and runs the C++ tests. First argument: a preset of CMakePresets.json (debug, release, asan, tsan); debug if none.
// Second argument: one test's program, such as barrier_test, which then runs alone and without a time limit.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { root, run } from './run.mjs'

const [preset = 'debug', program] = process.argv.slice(2)
run('cmake', ['--preset', preset])
const target = program === undefined ? [] : ['--target', program]
run('cmake', ['--build', '--preset', preset, '--parallel', String(availableParallelism()), ...target])
if (program === undefined) run('ctest', ['--preset', preset], { show: true })
else run(join(root, 'build-cmake', preset, program), [], { show: true })
