/**
 * Writes THIRD-PARTY-NOTICES.md: whose work the package brings or needs, and under which terms.
 *
 *   node scripts/third-party-notices.mjs            writes it
 *   node scripts/third-party-notices.mjs --check    fails when it differs from what would be written, or names not every dependency
 *
 * The licences of npm packages are read from node_modules. Those of what the compiler links into the addons are in scripts/licenses/, copied from
 * the compiler's package; package:native compares them (checkCompilerLicences).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './run.mjs'

const PAGE = join(root, 'THIRD-PARTY-NOTICES.md')

/** What the zig compiler links into the addons, and where its package has the licence. */
const FROM_COMPILER = [
  ['libcxx.txt', 'lib/libcxx/LICENSE.TXT'],
  ['libcxxabi.txt', 'lib/libcxxabi/LICENSE.TXT'],
  ['libunwind.txt', 'lib/libunwind/LICENSE.TXT'],
  ['zig.txt', 'LICENSE'],
]

/** @param zig the folder of the compiler's package. @throws when a licence is not the one that the notices have. */
export function checkCompilerLicences(zig) {
  for (const [ours, theirs] of FROM_COMPILER) {
    if (readFileSync(join(root, 'scripts/licenses', ours), 'utf8') !== readFileSync(join(zig, theirs), 'utf8'))
      throw new Error(`scripts/licenses/${ours} is not ${theirs} of the compiler: copy it, and run npm run generate`)
  }
}

const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** An npm package: its name, its version and the text of its licence. */
function npmPackage(name, version) {
  const folder = join(root, 'node_modules', name)
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt'].map(one => join(folder, one)).find(one => existsSync(one))
  if (file === undefined) throw new Error(`${name} has no licence in ${folder}`)
  return { title: `${name} ${version}`, text: readFileSync(file, 'utf8') }
}

const kept = name => readFileSync(join(root, 'scripts/licenses', name), 'utf8')

const sections = [
  {
    heading: 'In the addons',
    intro:
      'The files in `prebuilds/` are compiled from our C++ and from headers of the following packages; the C++ library is linked into them. The C library is not: they use the one of the system.',
    parts: [
      {
        what: 'C++ headers, whose inline functions are compiled into the addons',
        ...npmPackage('node-addon-api', devDependencies['node-addon-api']),
      },
      {
        what: "declarations of Node's functions",
        ...npmPackage('node-api-headers', devDependencies['node-api-headers']),
      },
      { what: 'the C++ library, linked into the addons', title: 'libc++ of LLVM', text: kept('libcxx.txt') },
      {
        what: "the C++ library's support, linked into the addons",
        title: 'libc++abi of LLVM',
        text: kept('libcxxabi.txt'),
      },
      { what: 'the unwinder, linked into the addons', title: 'libunwind of LLVM', text: kept('libunwind.txt') },
      {
        what: 'helper functions of the compiler (compiler-rt), linked into the addons',
        title: 'Zig',
        text: kept('zig.txt'),
      },
    ],
  },
  {
    heading: 'In the dashboard',
    intro: 'The files in `dist/dashboard/`, which `ticktape serve` serves, contain these packages.',
    parts: [
      { what: 'draws the pages', ...npmPackage('preact', devDependencies['preact']) },
      { what: 'draws lines over time', ...npmPackage('uplot', devDependencies['uplot']) },
    ],
  },
  {
    heading: 'Installed with the package',
    intro: 'npm installs these packages beside ticktape. Nothing of them is in it.',
    parts: Object.entries(dependencies).map(([name, version]) => ({
      what: 'used by the command `ticktape`',
      ...npmPackage(name, version),
    })),
  },
]

function pageOf() {
  const lines = [
    '# Third-party notices',
    '',
    'ticktape itself is under the MIT licence ([LICENSE](LICENSE)). This page is written by `scripts/third-party-notices.mjs`.',
    '',
  ]
  for (const { heading, intro, parts } of sections) {
    lines.push(`## ${heading}`, '', intro, '')
    for (const { title, what, text } of parts) {
      lines.push(`### ${title}`, '', `${what[0].toUpperCase()}${what.slice(1)}.`, '', '```', text.trimEnd(), '```', '')
    }
  }
  return `${lines.join('\n').trimEnd()}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = pageOf()
  if (!process.argv.includes('--check')) writeFileSync(PAGE, wanted)
  else if (!existsSync(PAGE) || readFileSync(PAGE, 'utf8') !== wanted) {
    console.error(`${relative(root, PAGE)} is out of date: run npm run generate`)
    process.exit(1)
  }
}
