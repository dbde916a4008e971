import { closeSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { findNativePrograms } from '../native-programs.ts'
import type { Answer } from './attempt.ts'

/** The program that acts: `native/attempts.c`, built when Warder was, and compared with its digest. */
export interface Prober {
  readonly bytes: Uint8Array
}

/** @returns the prober, or why there is none: then nothing can be tried, and nothing counts as stopped */
export function findProber(): Prober | { readonly missing: string } {
  const programs = findNativePrograms(['attempts'])
  if ('missing' in programs) return { missing: `${programs.missing}; ${programs.fix}` }
  const fd = programs.open('attempts')
  try {
    return { bytes: readFileSync(fd) }
  } finally {
    closeSync(fd)
  }
}

/** Orders as the prober reads them: fields end with NUL, an order ends with an empty field. */
export function orderBytes(orders: readonly (readonly string[])[]): Buffer {
  const text = orders.map((fields) => {
    const wrong = fields.find((field) => field === '' || field.includes('\0'))
    if (wrong !== undefined)
      throw new Error('an order for the prober has an empty field, or one with a NUL byte')
    return fields.map((field) => `${field}\0`).join('')
  })
  return Buffer.from(text.map((order) => `${order}\0`).join(''))
}

const lineShape = z.strictObject({
  id: z.string(),
  did: z.boolean(),
  errno: z.int(),
  note: z.string(),
})

/** What the prober said, by attempt; the first word on an attempt counts, and lines that are none of its are left out. */
export function readAnswers(text: string): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>()
  for (const line of text.split('\n')) {
    const parsed = lineShape.safeParse(parseJson(line))
    if (!parsed.success || answers.has(parsed.data.id)) continue
    const { id, ...answer } = parsed.data
    answers.set(id, answer)
  }
  return answers
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
