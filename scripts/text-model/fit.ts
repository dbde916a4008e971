/** From weights to the file that ships: int8, a probability instead of a sum, and a threshold for each channel. */
import {
  MODEL_VERSION,
  type ModelFile,
  type ModelHeader,
} from '../../src/decide/inspect/text/model/format.ts'
import { modelFrom, type LinearModel } from '../../src/decide/inspect/text/model/model.ts'
import { SEGMENT_LENGTH } from '../../src/decide/inspect/text/model/segment.ts'
import type { FeatureShape } from '../../src/decide/inspect/text/model/features.ts'
import type { Weights } from './train.ts'

const LARGEST = 127
/** Below anything runs of characters add up to: every piece is read whole. */
const READ_ALL = -1e6
/** The share of weights that may be cut off at the largest int8: a few giants would cost all others their precision. */
const CUT = 0.0005

export function quantised(weights: Weights, shape: FeatureShape): ModelFile {
  const characters = int8Of(weights.characters)
  const words = int8Of(weights.words)
  const even = { marked: 0.5, blocked: 0.5 }
  const header: ModelHeader = {
    version: MODEL_VERSION,
    seed: shape.seed,
    characters: [...shape.characters],
    words: [...shape.words],
    bits: shape.bits,
    segment: SEGMENT_LENGTH,
    characterScale: characters.scale,
    wordScale: words.scale,
    firstLook: READ_ALL,
    bias: weights.bias,
    slope: 1,
    offset: 0,
    thresholds: { 'tool-result': even, document: even, prompt: even, 'mcp-metadata': even, memory: even },
    trainedOn: [],
  }
  return { header, characterWeights: characters.table, wordWeights: words.table }
}

function int8Of(weights: Float32Array): { table: Int8Array; scale: number } {
  const sizes = weights.map(Math.abs).toSorted()
  const scale = (sizes[Math.floor((1 - CUT) * (sizes.length - 1))] || 1) / LARGEST
  const table = Int8Array.from(weights, (weight) =>
    Math.max(-LARGEST, Math.min(LARGEST, Math.round(weight / scale))),
  )
  return { table, scale }
}

/** A probability back as the sum it was made of. */
export function sumOf({ header }: LinearModel, probability: number): number {
  const score = Math.min(1 - 1e-12, Math.max(1e-12, probability))
  return (Math.log(score / (1 - score)) - header.offset) / header.slope
}

export function draftModel(weights: Weights, shape: FeatureShape): LinearModel {
  return modelFrom(quantised(weights, shape))
}

/** The share of attacks the model would tell of that may be lost to the first look. */
const LOST = 0.002

/** Where the first look may end: below what the longest runs add up to in nearly all attacks that would be told of. */
export function firstLookFor(firsts: readonly number[]): number {
  const sorted = firsts.toSorted((a, b) => a - b)
  return sorted[Math.floor(LOST * sorted.length)] ?? READ_ALL
}

const NEWTON_STEPS = 30
/** Keeps the steps finite where the classes do not overlap. */
const RIDGE = 1e-6

/** One text as it was scored by weights that had not seen it. */
export interface Scored {
  readonly sum: number
  readonly isAttack: boolean
}

/** Slope and offset with which sums become probabilities, both classes weighing the same (Platt 1999), by Newton's method. */
export function calibration(scored: readonly Scored[]): { slope: number; offset: number } {
  const attacks = scored.filter(({ isAttack }) => isAttack).length
  const weight = { attack: 0.5 / Math.max(1, attacks), harmless: 0.5 / Math.max(1, scored.length - attacks) }
  let slope = 0
  let offset = 0
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let [bySlope, byOffset, twiceSlope, twiceBoth, twiceOffset] = [0, 0, RIDGE, 0, RIDGE]
    for (const { sum, isAttack } of scored) {
      const likely = 1 / (1 + Math.exp(-(slope * sum + offset)))
      const share = isAttack ? weight.attack : weight.harmless
      const error = share * ((isAttack ? 1 : 0) - likely)
      const curve = share * likely * (1 - likely)
      bySlope += error * sum
      byOffset += error
      twiceSlope += curve * sum * sum
      twiceBoth += curve * sum
      twiceOffset += curve
    }
    const determinant = twiceSlope * twiceOffset - twiceBoth * twiceBoth
    slope += (bySlope * twiceOffset - byOffset * twiceBoth) / determinant
    offset += (byOffset * twiceSlope - bySlope * twiceBoth) / determinant
  }
  if (!(slope > 0))
    throw new Error('the sums do not tell attacks from harmless lines: there is nothing to calibrate')
  return { slope, offset }
}

/** The sum above which at most `share` of the sums lie. */
export function thresholdFor(sums: readonly number[], share: number): number {
  const sorted = sums.toSorted((a, b) => b - a)
  const allowed = Math.floor(share * sorted.length)
  return (sorted[allowed] ?? 0) + 1e-6
}
