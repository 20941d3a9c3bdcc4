// Builds the addon that ships, into prebuilds/. In a copy, because prebuildify empties build/, which tests may be using.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gypEnvironment } from './headers.mjs'
import { root, run } from './run.mjs'

const copy = mkdtempSync(join(tmpdir(), 'ticktape-package-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))

for (const name of ['package.json', 'binding.gyp', 'native'])
  cpSync(join(root, name), join(copy, name), { recursive: true })
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))

// The C library is part of the name: a binary for glibc does not load where there is musl.
run('prebuildify', ['--napi', '--strip', '--tag-libc', '--cwd', copy, '--out', root], {
  env: { ...gypEnvironment(), TMPDIR: copy },
})
if (!existsSync(join(root, 'prebuilds', `${process.platform}-${process.arch}`)))
  throw new Error('prebuildify made nothing')
