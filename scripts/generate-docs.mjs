/**
 * Writes the tables of docs/orders.md and docs/risk.md from the code that uses them, between the marks in those pages; and
 * schemas/desk.schema.json, for editors. `--check` writes nothing and fails when a file differs from what it would write.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { root } from './run.mjs'

/** A file of src/ and what it imports, without a compiler's output on the disk. */
async function load(path) {
  const result = await build({
    entryPoints: [join(root, 'src', path)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'error',
  })
  return import(`data:text/javascript,${encodeURIComponent(result.outputFiles[0].text)}`)
}

const { EFFECTS, transitions } = await load('trading/orders/life/transitions.ts')
const { WORDS } = await load('trading/orders/life/words.ts')
const { REASONS } = await load('trading/messages/reasons.ts')
const { REASON_TEXTS } = await load('trading/messages/reason-texts.ts')
const { LIMIT_NAMES, LIMIT_TEXTS } = await load('trading/risk/limits.ts')
const { DESK_SCHEMA } = await load('desk-file/schema.ts')

const row = cells => `| ${cells.join(' | ')} |`
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

const SAYS = { none: 'nothing', 'the request': 'the request' }

const TABLES = {
  events: table(
    ['event', 'what it amounts to', 'answers', 'makes certain', 'effect'],
    EFFECTS.map(({ event, word, answers, certain, text }) => [
      `\`${event}\``,
      word === 0 ? '' : WORDS[word],
      SAYS[answers] === 'nothing' ? '' : answers,
      certain ? 'yes' : '',
      text,
    ]),
  ),
  transitions: table(
    ['event \\ before', ...WORDS],
    EFFECTS.map(({ event }) => [
      `\`${event}\``,
      ...transitions()
        .filter(one => one.event === event)
        .map(({ from, to }) => (from === to ? '·' : WORDS[to])),
    ]),
  ),
  limits: table(
    ['limit', 'limits', 'reason'],
    LIMIT_NAMES.map(name => [`\`${name}\``, LIMIT_TEXTS[name][0], `\`${LIMIT_TEXTS[name][1]}\``]),
  ),
  ...Object.fromEntries(
    ['risk', 'gateway', 'venue'].map(source => [
      `reasons-${source}`,
      table(
        ['code', 'reason', 'meaning'],
        REASONS.map((reason, code) => [code, `\`${reason}\``, REASON_TEXTS[reason][1]]).filter(
          (_, i) => REASON_TEXTS[REASONS[i]][0] === source,
        ),
      ),
    ]),
  ),
}

const isCheck = process.argv.includes('--check')
for (const page of ['orders.md', 'risk.md']) {
  const path = join(root, 'docs', page)
  const present = readFileSync(path, 'utf8')
  const wanted = present.replace(
    /(<!-- table ([a-z-]+): begin -->\n)[\s\S]*?(<!-- table \2: end -->)/g,
    (_, begin, name, end) => {
      if (TABLES[name] === undefined)
        throw new Error(`${relative(root, path)} asks for a table '${name}', which there is not`)
      return `${begin}${TABLES[name]}\n${end}`
    },
  )
  put(path, present, wanted)
}

const schema = join(root, 'schemas/desk.schema.json')
put(schema, existsSync(schema) ? readFileSync(schema, 'utf8') : '', `${JSON.stringify(DESK_SCHEMA, null, 2)}\n`)

function put(path, present, wanted) {
  if (present === wanted) return
  if (isCheck) {
    console.error(`${relative(root, path)} does not show the current code: run npm run generate`)
    process.exit(1)
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, wanted)
}
