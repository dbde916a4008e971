/** The whole of training: scores by weights that have not seen a line settle the thresholds, then all lines train. */
import { createHash } from 'node:crypto'
import { encodeModel, type ModelFile, type ModelHeader } from '../../src/decide/inspect/text/model/format.ts'
import type { LinearModel } from '../../src/decide/inspect/text/model/model.ts'
import { normalTextOf } from '../../src/decide/inspect/text/normal.ts'
import type { ModelThresholds, TextChannel } from '../../src/decide/inspect/text/types.ts'
import type { Line, TextSet } from './corpora.ts'
import { calibration, draftModel, firstLookFor, quantised, sumOf, thresholdFor } from './fit.ts'
import { samplesOf, type SampleOptions } from './samples.ts'
import { train, type Training, type Weights } from './train.ts'

export const SAMPLING: SampleOptions = { seed: 5, buried: 0.3, swapped: 0.3, documents: 0.75 }

export const TRAINING: Training = {
  shape: { seed: 0x2a17, characters: [3, 5], words: [1, 2], bits: 16 },
  epochs: 4,
  rate: 0.5,
  decay: 0.005,
  caution: 2,
  seed: 9,
}

interface Shares {
  readonly marked: number
  readonly blocked: number
}

/** How many of the harmless may be marked, and blocked, by the model alone; shares of lines it had not seen. */
const SHARES = {
  document: { marked: 0.01, blocked: 0.001 },
  prompt: { marked: 0.06, blocked: 0.03 },
  // a definition is short and read once; and a person looks at what is refused
  definition: { marked: 0.02, blocked: 0.004 },
} as const satisfies Record<string, Shares>

const FOLDS = 3

export interface LineScore {
  readonly line: Line
  readonly sum: number
  /** What the longest runs of characters of its worst piece add up to. */
  readonly first: number
}

export function weightsOf(lines: readonly Line[], training: Training = TRAINING): Weights {
  return train(samplesOf(lines, SAMPLING), training)
}

export function scoresOf(model: LinearModel, lines: readonly Line[]): LineScore[] {
  return lines.map((line) => {
    const { score, first } = model.worst(normalTextOf(line.text))
    return { line, sum: sumOf(model, score), first }
  })
}

/** Every published line and document scored by weights that were trained without it. */
export function unseenScores(lines: readonly Line[], training: Training = TRAINING): LineScore[] {
  return Array.from({ length: FOLDS }, (_, fold) => {
    const model = draftModel(
      weightsOf(
        lines.filter((line) => foldOf(line) !== fold),
        training,
      ),
      training.shape,
    )
    return scoresOf(
      model,
      lines.filter((line) => foldOf(line) === fold),
    )
  })
    .flat()
    .filter(({ line }) => line.set !== 'own lines') // made of the same frames in every fold: never quite unseen
}

function foldOf({ text }: Line): number {
  return (createHash('sha256').update(text).digest()[1] ?? 0) % FOLDS
}

/** The model that ships, from everything that is not held back. */
export function buildModel(sets: readonly TextSet[]): ModelFile {
  const used = sets.map((set) => ({ ...set, lines: set.lines.filter((line) => !line.isHeldBack) }))
  const lines = used.flatMap((set) => set.lines)
  const scores = unseenScores(lines)
  const { slope, offset } = calibration(
    scores.map(({ line, sum }) => ({ sum, isAttack: line.kind === 'attack' })),
  )
  const scoreAt = (sum: number) => rounded(1 / (1 + Math.exp(-(slope * sum + offset))))
  const file = quantised(weightsOf(lines), TRAINING.shape)
  const thresholds = thresholdsFrom(scores, scoreAt)
  const least = Math.min(...Object.values(thresholds).map(({ marked }) => marked))
  const told = scores.filter(({ line, sum }) => line.kind === 'attack' && scoreAt(sum) >= least)
  const header: ModelHeader = {
    ...file.header,
    firstLook: firstLookFor(told.map(({ first }) => first)),
    slope,
    offset,
    thresholds,
    trainedOn: used.filter((set) => set.lines.length > 0).map(provenance),
  }
  const model = { ...file, header }
  encodeModel(model) // refuses here rather than when it is loaded
  return model
}

function thresholdsFrom(
  scores: readonly LineScore[],
  scoreAt: (sum: number) => number,
): Record<TextChannel, ModelThresholds> {
  const at = (kind: 'document' | 'prompt', { marked, blocked }: Shares = SHARES[kind]): ModelThresholds => {
    const sums = scores.filter(({ line }) => line.kind === kind).map(({ sum }) => sum)
    return { marked: scoreAt(thresholdFor(sums, marked)), blocked: scoreAt(thresholdFor(sums, blocked)) }
  }
  const document = at('document')
  return {
    'tool-result': document,
    document,
    prompt: at('prompt'),
    'mcp-metadata': at('document', SHARES.definition),
    memory: document,
  }
}

function provenance({ name, licence, lines }: TextSet): ModelHeader['trainedOn'][number] {
  const hash = createHash('sha256')
  for (const { text, kind } of lines) hash.update(`${kind}\0${text}\0`)
  return { name, licence, sha256: hash.digest('hex'), lines: lines.length }
}

function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6
}
