// Puts the dashboard (dashboard/) into dist/dashboard/: a page, its code and its style, which `ticktape serve` serves from the package.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './run.mjs'

const FROM = join(root, 'dashboard')
const TO = join(root, 'dist/dashboard')

mkdirSync(TO, { recursive: true })
await build({
  entryPoints: { app: join(FROM, 'src/main.tsx') },
  outdir: TO,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // The licences of what is in it are in THIRD-PARTY-NOTICES.md.
  legalComments: 'none',
  logLevel: 'warning',
})
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(FROM, name), join(TO, name))
