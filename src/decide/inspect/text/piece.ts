/** A long text in pieces: whole up to a megabyte, else its beginning, its end, and what stands at even distances between. */
export interface Piece {
  readonly text: string
  readonly offset: number
}

const WHOLE = 1_000_000
const END = 384_000
const STRIDES = 48
const STRIDE = 4096

export function piecesOf(text: string): { readonly pieces: readonly Piece[]; readonly isPartial: boolean } {
  if (text.length <= WHOLE) return { pieces: [{ text, offset: 0 }], isPartial: false }
  const between = text.length - 2 * END
  const offsets = Array.from(
    { length: STRIDES },
    (_, at) => END + Math.floor(((at + 0.5) / STRIDES) * between),
  )
  return {
    pieces: [
      { text: text.slice(0, END), offset: 0 },
      ...offsets.map((offset) => ({ text: text.slice(offset, offset + STRIDE), offset })),
      { text: text.slice(-END), offset: text.length - END },
    ],
    isPartial: true,
  }
}
