/** One way to read a text, and how to find back from there to the text as it was given. */
export interface View {
  /** `text`, or what was done to get here: `base64`, `comment>rot13`. */
  readonly name: string
  readonly text: string
  /** How many readings lie between this and the text as given. */
  readonly depth: number
  /** Somebody wrote it so that a person would not read it: decoded, or not shown. */
  readonly isHidden: boolean
  /** Where this part of the view comes from, in the text as it was given. */
  readonly locate: (start: number, end: number) => readonly [number, number]
}

/** A rewritten text, and where in the text before it each of its places comes from; up to its length, which is its end. */
export interface Rewritten {
  readonly text: string
  readonly cameFrom: (place: number) => number
}

export function rootView(text: string): View {
  return { name: 'text', text, depth: 0, isHidden: false, locate: (start, end) => [start, end] }
}

/** A reading of `parent`, told of under this name. */
export function childView(parent: View, name: string, { text, cameFrom }: Rewritten, isHidden = true): View {
  return {
    name: parent.depth === 0 ? name : `${parent.name}>${name}`,
    text,
    depth: parent.depth + 1,
    isHidden: isHidden || parent.isHidden,
    locate: (start, end) => {
      const first = cameFrom(Math.min(start, text.length))
      const last = cameFrom(Math.min(end, text.length))
      return parent.locate(Math.min(first, last), Math.max(first, last)) // a reversed text runs the other way
    },
  }
}

/** As much of what was not rewritten is kept beside what was: the rest was read before. */
const BESIDE = 200
const LEFT_OUT = '\n\n'

/** Puts a rewritten text together from pieces. */
export class Rewriting {
  readonly #pieces: string[] = []
  /** By piece: where it begins in the new text, where in the one before, and how fast that goes on there. */
  readonly #at: number[] = []
  readonly #start: number[] = []
  readonly #step: number[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  /** A piece that is as it was; of a long one, what is near to others. */
  keep(text: string, start: number): void {
    if (text.length <= 2 * BESIDE + LEFT_OUT.length) return this.#add(text, start, 1)
    if (this.length > 0) this.#add(text.slice(0, BESIDE), start, 1)
    this.put(LEFT_OUT, start + BESIDE)
    this.#add(text.slice(-BESIDE), start + text.length - BESIDE, 1)
  }

  /** All of a piece, however long. */
  whole(text: string, start: number): void {
    this.#add(text, start, 1)
  }

  /** A piece that stands for all between two places. */
  put(text: string, start: number): void {
    this.#add(text, start, 0)
  }

  /** A piece that stands for so many characters, evenly. */
  stretch(text: string, start: number, length: number): void {
    this.#add(text, start, length / text.length)
  }

  done(end: number): Rewritten {
    const [at, start, step, length] = [this.#at, this.#start, this.#step, this.#length]
    const cameFrom = (place: number): number => {
      if (place >= length) return end
      const piece = lastUpTo(at, place)
      return start[piece]! + Math.floor((place - at[piece]!) * step[piece]!)
    }
    return { text: this.#pieces.join(''), cameFrom }
  }

  #add(text: string, start: number, step: number): void {
    if (text === '') return
    this.#pieces.push(text)
    this.#at.push(this.#length)
    this.#start.push(start)
    this.#step.push(step)
    this.#length += text.length
  }
}

/** The last of ascending numbers that is not above this one. */
function lastUpTo(numbers: readonly number[], most: number): number {
  let [low, high] = [0, numbers.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (numbers[middle]! <= most) low = middle
    else high = middle - 1
  }
  return low
}
