import assert from 'node:assert/strict'
import { decodeQR } from 'qr/decode.js'

const SCALE = 4

/** The modules of a drawing in half blocks: each sign is two of them, one above the other. */
export function modulesOf(rows: readonly string[]): boolean[][] {
  return rows.flatMap((row) => {
    const signs = Array.from(row)
    for (const sign of signs) assert.ok(' ▀▄█'.includes(sign), `${JSON.stringify(sign)} is no half block`)
    return [signs.map((sign) => '▀█'.includes(sign)), signs.map((sign) => '▄█'.includes(sign))]
  })
}

/** What a camera reads from such a drawing. @throws when it is no QR code that can be read */
export function scanned(rows: readonly string[]): string {
  const modules = modulesOf(rows)
  const width = (modules[0]?.length ?? 0) * SCALE
  const height = modules.length * SCALE
  const data = new Uint8Array(width * height * 4).fill(255)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4
      if (modules[Math.floor(y / SCALE)]?.[Math.floor(x / SCALE)] === true) data.fill(0, at, at + 3)
    }
  }
  return decodeQR({ width, height, data }, { timeLimit: 60_000 })
}

/** The rows of a drawing on a screen: black on bright white, and nothing beside. */
export function drawnOn(screen: string): string[] {
  return [...screen.matchAll(/\u001b\[30;107m([ ▀▄█]+)\u001b\[0m/g)].map(([, row = '']) => row)
}
