import { array, assert, constant, integer, oneof, property } from 'fast-check'
import { expect, test } from 'vitest'
import { Heap } from '../../dist/base/heap.js'

test('a heap gives what it was given in order, whatever comes in between', () => {
  const steps = array(oneof(integer({ min: 0, max: 50 }), constant('shift' as const)), { maxLength: 200 })
  assert(
    property(steps, all => {
      const heap = new Heap<readonly [at: number, number: number]>(
        (a, b) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]),
      )
      let model: (readonly [number, number])[] = []
      for (const [number, step] of all.entries()) {
        if (step === 'shift') {
          expect(heap.shift()).toEqual(model[0])
          model = model.slice(1)
        } else {
          heap.push([step, number])
          model = [...model, [step, number] as const].sort((a, b) => a[0] - b[0] || a[1] - b[1])
        }
        expect([heap.length, heap.first]).toEqual([model.length, model[0]])
      }
      expect(heap.all).toHaveLength(model.length)
      expect(heap.clear().sort((a, b) => a[0] - b[0] || a[1] - b[1])).toEqual(model)
      expect(heap.shift()).toBe(undefined)
    }),
    { numRuns: 500 },
  )
})
