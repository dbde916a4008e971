const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

export interface LineReaderOptions {
  readonly most: number
  readonly line: (bytes: Buffer) => void
  /** Told once for each line that is longer; its bytes are dropped as they come. */
  readonly tooLong: (sizeBytes: number) => void
}

/** Cuts a stream into lines (stdio transport), keeping no more of one than it may have. Empty lines are none. */
export class LineReader {
  readonly #options: LineReaderOptions
  #parts: Buffer[] = []
  #size = 0

  constructor(options: LineReaderOptions) {
    this.#options = options
  }

  push(chunk: Buffer): void {
    let from = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      this.#take(chunk.subarray(from, end))
      this.#finish()
      from = end + 1
    }
    if (from < chunk.length) this.#take(chunk.subarray(from))
  }

  /** What the stream ends with is no line: nobody said that it is whole. */
  get rest(): number {
    return this.#size
  }

  #take(part: Buffer): void {
    this.#size += part.length
    if (this.#size > this.#options.most) this.#parts = []
    else if (part.length > 0) this.#parts.push(part)
  }

  #finish(): void {
    const [parts, size] = [this.#parts, this.#size]
    this.#parts = []
    this.#size = 0
    if (size > this.#options.most) return this.#options.tooLong(size)
    const [only = Buffer.alloc(0)] = parts
    const whole = parts.length > 1 ? Buffer.concat(parts, size) : only
    const line = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole
    if (line.length > 0) this.#options.line(line)
  }
}
