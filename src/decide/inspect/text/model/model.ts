import { decodeModel, type ModelFile, type ModelHeader } from './format.ts'
import type { TextModel } from '../types.ts'
import { segmentEnd } from './segment.ts'
import { Weigher } from './weigh.ts'

/** The piece of a text that looks most like an instruction to a model. */
export interface ModelScore {
  /** 0 to 1, a probability as measured on texts the weights had not seen. */
  readonly score: number
  /** Where the piece stands, in UTF-16 units. */
  readonly start: number
  readonly end: number
  /** What its longest runs of characters added up to, by which the trainer settles where the first look ends. */
  readonly first: number
}

/** Not for two threads at once: it keeps its lists from call to call. */
export interface LinearModel extends TextModel {
  readonly header: ModelHeader
  /** The highest score of any piece; 0 for an empty text. Linear in the length. */
  readonly score: (text: string) => number
  readonly worst: (text: string) => ModelScore
}

/** @throws TextModelError `TEXT_MODEL_REFUSED` when the bytes are not a model of this version, whole and unchanged */
export function loadModel(bytes: Uint8Array): LinearModel {
  return modelFrom(decodeModel(bytes))
}

export function modelFrom(file: ModelFile): LinearModel {
  const { header } = file
  const { slope, offset } = header
  const weigher = new Weigher(file)
  const worst = (text: string): ModelScore => {
    let found = { sum: -Infinity, start: 0, end: 0, first: 0 }
    for (let start = 0; start < text.length;) {
      const end = segmentEnd(text, start)
      const sum = weigher.weigh(text, start, end)
      if (sum > found.sum) found = { sum, start, end, first: weigher.first }
      start = end
    }
    const score = found.end === 0 ? 0 : 1 / (1 + Math.exp(-(slope * found.sum + offset)))
    return { score, start: found.start, end: found.end, first: found.first }
  }
  return { header, thresholds: header.thresholds, worst, score: (text) => worst(text).score }
}
