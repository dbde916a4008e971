import { FeatureReader } from './features.ts'
import { decodeModel, shapeOf, type ModelFile, type ModelHeader } from './format.ts'
import type { TextModel } from '../types.ts'
import { segmentEnd } from './segment.ts'

/** The piece of a text that looks most like an instruction to a model. */
export interface ModelScore {
  /** 0 to 1, a probability as measured on texts the weights had not seen. */
  readonly score: number
  /** Where the piece stands, in UTF-16 units. */
  readonly start: number
  readonly end: number
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
  const sumOf = summing(file)
  const worst = (text: string): ModelScore => {
    let found = { sum: -Infinity, start: 0, end: 0 }
    for (let start = 0; start < text.length;) {
      const end = segmentEnd(text, start)
      const sum = sumOf(text, start, end)
      if (sum > found.sum) found = { sum, start, end }
      start = end
    }
    const score = found.end === 0 ? 0 : 1 / (1 + Math.exp(-(slope * found.sum + offset)))
    return { score, start: found.start, end: found.end }
  }
  return { header, thresholds: header.thresholds, worst, score: (text) => worst(text).score }
}

/** What the weights of one piece add up to, before it is made a probability. */
function summing({ header, characterWeights, wordWeights }: ModelFile) {
  const reader = new FeatureReader(shapeOf(header))
  return (text: string, start: number, end: number): number => {
    reader.read(text, start, end)
    const characters = sumAt(characterWeights, reader.characterPlaces, reader.characterCount)
    const words = sumAt(wordWeights, reader.wordPlaces, reader.wordCount)
    return (
      header.bias +
      header.characterScale * shared(characters, reader.characterCount) +
      header.wordScale * shared(words, reader.wordCount)
    )
  }
}

/** A long piece has more features than a short one; the root keeps their sums comparable. */
export function shared(sum: number, count: number): number {
  return count === 0 ? 0 : sum / Math.sqrt(count)
}

function sumAt(weights: Int8Array, places: Uint32Array, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += weights[places[i]!]!
  return sum
}
