/** Logistic regression over hashed features, by AdaGrad, one sample after the other. The same seed gives the same weights. */
import { FeatureReader, type FeatureShape } from '../../src/decide/inspect/text/model/features.ts'
import { drawFrom } from '../../src/decide/inspect/text/lines/compose.ts'

/** A piece of text to learn from. */
export interface Sample {
  readonly text: string
  readonly isAttack: boolean
  /** How much it counts; the two classes are made to weigh the same. */
  readonly weight: number
}

export interface Training {
  readonly shape: FeatureShape
  readonly epochs: number
  readonly rate: number
  /** What share of every weight is lost with each epoch, so that what is seen once does not settle anything. */
  readonly decay: number
  /** How much the harmless side weighs beside the attacks. */
  readonly caution: number
  readonly seed: number
}

/** What training gives, before it is made int8. */
export interface Weights {
  readonly characters: Float32Array
  readonly words: Float32Array
  readonly bias: number
}

/** Features of all samples in one list: small, and read in order. */
interface Pool {
  readonly places: Uint16Array
  /** Where sample i begins, and where its words begin; one more than there are samples. */
  readonly starts: Uint32Array
  readonly wordStarts: Uint32Array
}

export function train(samples: readonly Sample[], training: Training): Weights {
  const pool = poolOf(samples, training.shape)
  const learner = new Learner(training)
  const balance = balanceOf(samples, training.caution)
  const order = Uint32Array.from(samples.keys())
  const draw = drawFrom(training.seed)
  for (let epoch = 0; epoch < training.epochs; epoch++) {
    shuffle(order, draw)
    for (const i of order) {
      const { isAttack, weight } = samples[i]!
      learner.learn(pool, i, isAttack, weight * (isAttack ? balance.attack : balance.harmless))
    }
    learner.shrink(1 - training.decay)
  }
  return learner.weights()
}

class Learner {
  readonly #rate: number
  readonly #characters: Float32Array
  readonly #words: Float32Array
  readonly #characterSteps: Float32Array
  readonly #wordSteps: Float32Array
  #bias = 0
  #biasSteps = 1

  constructor({ shape, rate }: Training) {
    const size = 1 << shape.bits
    this.#rate = rate
    this.#characters = new Float32Array(size)
    this.#words = new Float32Array(size)
    this.#characterSteps = new Float32Array(size).fill(1e-3)
    this.#wordSteps = new Float32Array(size).fill(1e-3)
  }

  learn({ places, starts, wordStarts }: Pool, i: number, isAttack: boolean, weight: number): void {
    const [start, middle, end] = [starts[i]!, wordStarts[i]!, starts[i + 1]!]
    const characterPart = middle === start ? 0 : 1 / Math.sqrt(middle - start)
    const wordPart = end === middle ? 0 : 1 / Math.sqrt(end - middle)
    const sum =
      this.#bias +
      characterPart * sumAt(this.#characters, places, start, middle) +
      wordPart * sumAt(this.#words, places, middle, end)
    const error = (isAttack ? 1 : 0) - 1 / (1 + Math.exp(-sum))
    const slope = error * weight
    if (Math.abs(slope) < 1e-4) return // learned; most harmless pieces are after an epoch or two
    const step = this.#rate * slope
    stepAt(
      this.#characters,
      this.#characterSteps,
      places,
      start,
      middle,
      slope * characterPart,
      step * characterPart,
    )
    stepAt(this.#words, this.#wordSteps, places, middle, end, slope * wordPart, step * wordPart)
    this.#biasSteps += slope * slope
    this.#bias += step / Math.sqrt(this.#biasSteps)
  }

  shrink(share: number): void {
    for (const table of [this.#characters, this.#words]) {
      for (let i = 0; i < table.length; i++) table[i] = table[i]! * share
    }
  }

  weights(): Weights {
    return { characters: this.#characters, words: this.#words, bias: this.#bias }
  }
}

function sumAt(table: Float32Array, places: Uint16Array, start: number, end: number): number {
  let sum = 0
  for (let at = start; at < end; at++) sum += table[places[at]!]!
  return sum
}

// AdaGrad: a feature seen often moves less with each time
function stepAt(
  table: Float32Array,
  steps: Float32Array,
  places: Uint16Array,
  start: number,
  end: number,
  slope: number,
  step: number,
): void {
  const squared = slope * slope
  for (let at = start; at < end; at++) {
    const place = places[at]!
    const seen = steps[place]! + squared
    steps[place] = seen
    table[place] = table[place]! + step / Math.sqrt(seen)
  }
}

function poolOf(samples: readonly Sample[], shape: FeatureShape): Pool {
  const reader = new FeatureReader(shape)
  const starts = new Uint32Array(samples.length + 1)
  const wordStarts = new Uint32Array(samples.length)
  let places = new Uint16Array(1 << 20)
  let length = 0
  for (const [i, { text }] of samples.entries()) {
    reader.read(text, 0, text.length)
    const needed = length + reader.characterCount + reader.wordCount
    if (needed > places.length) places = grown(places, needed)
    starts[i] = length
    places.set(reader.characterPlaces.subarray(0, reader.characterCount), length)
    wordStarts[i] = length + reader.characterCount
    places.set(reader.wordPlaces.subarray(0, reader.wordCount), wordStarts[i]!)
    length = needed
  }
  starts[samples.length] = length
  return { places, starts, wordStarts }
}

function grown(places: Uint16Array, needed: number): Uint16Array<ArrayBuffer> {
  const larger = new Uint16Array(Math.max(needed, 2 * places.length))
  larger.set(places)
  return larger
}

function balanceOf(samples: readonly Sample[], caution: number): { attack: number; harmless: number } {
  let attack = 0
  let harmless = 0
  for (const sample of samples) {
    if (sample.isAttack) attack += sample.weight
    else harmless += sample.weight
  }
  const mean = samples.length / 2
  return { attack: mean / Math.max(attack, 1e-9), harmless: (caution * mean) / Math.max(harmless, 1e-9) }
}

function shuffle(order: Uint32Array, draw: (limit: number) => number): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = draw(last + 1)
    const moved = order[last]!
    order[last] = order[other]!
    order[other] = moved
  }
}
