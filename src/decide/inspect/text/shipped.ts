import { KnownError } from '../../../core/error.ts'
import { readShippedModel } from './model/index.ts'
import { createTextScanner } from './scanner.ts'
import type { GuardModel, TextScanner } from './types.ts'

/** The scanner with the model that comes with Warder; where that cannot be used it runs on rules alone and says why. */
export function createShippedTextScanner(guard?: GuardModel): TextScanner {
  const guarded = guard === undefined ? {} : { guard }
  try {
    return createTextScanner({ ...guarded, model: readShippedModel() })
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    return createTextScanner({ ...guarded, withoutModel: error.message })
  }
}
