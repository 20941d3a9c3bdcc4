import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ascii, bool, bytes, enumOf, f64, frame, i64, instrument, text, u8, u64, Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'
import { NO_PYTHON, runPython } from '../support/python.ts'

const Small = frame('Small', 3, { from: u8, venueTime: i64, aB: u8, a_b: u8, HTTPStatus: u8 })
const Wide = frame('Wide', 4, {
  instrument,
  side: enumOf('buy', 's\'"ell'),
  price: f64,
  orderId: u64,
  ok: bool,
  code: ascii(4),
  label: text(4),
  raw: bytes(4),
})

function journal(): string {
  const directory = join(makeFolder('memory'), 'journal')
  using writer = Writer.open(directory, { pageSize: 65536 })
  writer.write(Small, { from: 1, venueTime: 2n, aB: 3, a_b: 4, HTTPStatus: 5 })
  const values = { instrument: 0, price: 1, orderId: 1n, ok: true, code: '', label: '', raw: new Uint8Array(4) }
  writer.write(Wide, { ...values, side: 'buy' })
  return directory
}

describe('ticktape codegen', () => {
  test('refuses other languages and what is no journal', () => {
    expect(ticktape('codegen', 'cobol', journal())).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^ERR_USAGE: 'cobol' is not a language; type cpp, python/) as string,
    })
    expect(ticktape('codegen', 'python', makeFolder())).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^ERR_/) as string,
    })
  })

  test.skipIf(NO_PYTHON)('python: its classes have the names and types that frames have', async () => {
    const directory = journal()
    const { status, stdout } = ticktape('codegen', 'python', directory)
    expect(status).toBe(0)
    expect(stdout).toContain('class Wide(Frame):\n    """Id 4, 1 slot."""\n\n    instrument: int\n    symbol: str\n')
    const folder = makeFolder()
    writeFileSync(join(folder, 'frames.py'), stdout)
    const checked = await runPython(
      `
import sys, typing
sys.path.insert(0, sys.argv[1])
import frames, ticktape
for frame in ticktape.Reader(sys.argv[2]):
    for name, wanted in typing.get_type_hints(getattr(frames, frame.name)).items():
        value = getattr(frame, name)
        assert value in typing.get_args(wanted) if typing.get_origin(wanted) is typing.Literal else type(value) is wanted, (name, value, wanted)
        print(name)
`,
      folder,
      directory,
    )
    expect(checked.stderr).toBe('')
    const names = 'from_ venue_time aB a_b http_status instrument symbol side price order_id ok code label raw'
    expect(checked.stdout.trim().split('\n')).toEqual(names.split(' '))
  })
})
