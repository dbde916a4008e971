/** What a set of attacks would have met as the first of its kind: weights trained without any line of it. */
import type { Line, TextSet } from './corpora.ts'
import { draftModel, thresholdFor } from './fit.ts'
import { scoresOf, TRAINING, weightsOf } from './build.ts'

export interface UnseenSet {
  readonly set: string
  readonly count: number
  /** Percent found where 0.2 % of the held-back documents are flagged, and where 2 % of the held-back prompts are. */
  readonly atDocuments: number
  readonly atPrompts: number
}

const DOCUMENTS = 0.002
const PROMPTS = 0.02

/** One row for each published set with attacks: the model alone, without rules. */
export function unseenSets(sets: readonly TextSet[]): UnseenSet[] {
  const lines = sets.flatMap((set) => set.lines)
  const withAttacks = sets.filter(
    (set) => set.name !== 'own lines' && set.lines.some(({ kind }) => kind === 'attack'),
  )
  return withAttacks.map(({ name }) => rowOf(name, lines))
}

function rowOf(set: string, lines: readonly Line[]): UnseenSet {
  const isOfSet = (line: Line) => line.set === set && line.kind === 'attack'
  const model = draftModel(
    weightsOf(lines.filter((line) => !line.isHeldBack && !isOfSet(line))),
    TRAINING.shape,
  )
  const sumsOf = (wanted: (line: Line) => boolean) =>
    scoresOf(model, lines.filter(wanted)).map(({ sum }) => sum)
  const harmless = (kind: Line['kind']) => sumsOf((line) => line.isHeldBack && line.kind === kind)
  const sums = sumsOf(isOfSet)
  const above = (threshold: number) =>
    Math.round((1000 * sums.filter((sum) => sum >= threshold).length) / sums.length) / 10
  return {
    set,
    count: sums.length,
    atDocuments: above(thresholdFor(harmless('document'), DOCUMENTS)),
    atPrompts: above(thresholdFor(harmless('prompt'), PROMPTS)),
  }
}
