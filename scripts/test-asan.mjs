// Runs the test suite once with the addon under AddressSanitizer and UndefinedBehaviorSanitizer; arguments go to vitest. The addon is
// built in build-asan, a separate folder with links to ours, as the addon for crash tests is. Leak detection is off: V8 frees
// nothing at exit (test/journal/lifecycle/leaks.test.ts checks for our leaks).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gypEnvironment } from './headers.mjs'
import { root, run } from './run.mjs'

const folder = join(root, 'build-asan')
const FLAGS = '-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1'
mkdirSync(folder, { recursive: true })
for (const name of ['binding.gyp', 'native', 'node_modules', 'package.json']) {
  const link = join(folder, name)
  if (!existsSync(link)) symlinkSync(join('..', name), link)
}
const env = { ...gypEnvironment(), CXXFLAGS: FLAGS, CFLAGS: FLAGS, LDFLAGS: '-fsanitize=address,undefined' }
run('node-gyp', ['configure', 'build', '--silent'], { cwd: folder, env })

const runtime = ['libasan.so', 'libubsan.so'].map(name => run('gcc', [`-print-file-name=${name}`]).trim()).join(' ')
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--testTimeout=120000', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      LD_PRELOAD: runtime,
      ASAN_OPTIONS: 'detect_leaks=0:handle_sigbus=0:allow_user_segv_handler=1:abort_on_error=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      TICKTAPE_ADDON: join(folder, 'build/Release/ticktape.node'),
    },
  },
)
process.exit(status ?? 1)
