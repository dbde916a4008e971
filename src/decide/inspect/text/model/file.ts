import { readFileSync } from 'node:fs'
import { messageOf } from '../../../../core/error.ts'
import { TextModelError } from './error.ts'
import { loadModel, type LinearModel } from './model.ts'

/** The file beside this one; in the build, beside the program. */
export const SHIPPED_MODEL = new URL('./text.model', import.meta.url)

/** @throws TextModelError `TEXT_MODEL_MISSING` or `TEXT_MODEL_REFUSED`: the scanner then says that it runs on rules alone */
export function readShippedModel(file: URL = SHIPPED_MODEL): LinearModel {
  return loadModel(bytesOf(file))
}

function bytesOf(file: URL): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new TextModelError('TEXT_MODEL_MISSING', {
      what: `the model of the text scanner cannot be read: ${messageOf(cause)}`,
      fix: 'install Warder again, or build it again with npm run build',
      where: file.pathname,
      cause,
    })
  }
}
