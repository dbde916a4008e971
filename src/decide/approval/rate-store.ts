import * as z from 'zod'
import type { Json } from '../../core/canonical.ts'
import { RATE_CLASSES } from '../../core/rate.ts'
import type { RateBook, RateStore } from './rate.ts'
import { seal, unseal, type Mac, type SealedStore } from './sealed.ts'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const bookSchema = z.record(
  z.string().min(1),
  z.partialRecord(z.enum(RATE_CLASSES), z.array(z.tuple([count, count]))),
)

const NAME = 'rates'

/** The counts of the last minute under one seal. */
export function sealedRateStore(store: SealedStore, mac: Mac): RateStore {
  return {
    read() {
      const text = store.read()
      return text === undefined ? {} : (bookSchema.parse(unseal(NAME, text, mac)) as RateBook)
    },
    write: (book) => store.write(seal(NAME, book as unknown as Json, mac)),
  }
}
