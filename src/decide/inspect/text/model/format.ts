/**
 * The model as a file: a magic, the length of the header, the header as JSON, the two tables of weights, and a SHA-256
 * over all of it. Numbers are little-endian. Weights only: no word of any training text stands in it.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { FeatureShape } from './features.ts'
import { TEXT_CHANNELS, type TextChannel } from '../types.ts'
import { TextModelError } from './error.ts'
import { SEGMENT_LENGTH } from './segment.ts'

export const MODEL_VERSION = 2
const MAGIC = 'WARDTEXT'
const CHECKSUM = 32
/** No file of ours comes near it; a longer one is not read further. */
export const MODEL_SIZE_LIMIT = 1 << 20

/** Scores from which a text is marked, and from which it is blocked; both between 0 and 1. */
const Thresholds = z.strictObject({ marked: z.number().min(0).max(1), blocked: z.number().min(0).max(1) })
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const TrainingSet = z.strictObject({
  name: z.string().min(1).max(100),
  licence: z.string().min(1).max(200),
  /** Of the lines used, in order. */
  sha256: Sha256,
  lines: z.int().min(1),
})

const Header = z.strictObject({
  version: z.literal(MODEL_VERSION),
  seed: z.int().min(0).max(0xffff_ffff),
  characters: z.array(z.int().min(1).max(8)).min(1).max(4),
  words: z.array(z.int().min(1).max(3)).min(1).max(3),
  bits: z.int().min(14).max(16),
  segment: z.literal(SEGMENT_LENGTH),
  /** What one step of an int8 weight is worth. */
  characterScale: z.number().positive().max(1e6),
  wordScale: z.number().positive().max(1e6),
  /** What the longest runs of characters must add up to before the other features of a piece are read. */
  firstLook: z.number().min(-1e6).max(1e6),
  bias: z.number().min(-1e6).max(1e6),
  /** From the sum to a probability: 1 / (1 + exp(-(slope * sum + offset))). */
  slope: z.number().positive().max(1e6),
  offset: z.number().min(-1e6).max(1e6),
  thresholds: z.strictObject({
    'tool-result': Thresholds,
    document: Thresholds,
    prompt: Thresholds,
    'mcp-metadata': Thresholds,
    memory: Thresholds,
  } satisfies Record<TextChannel, typeof Thresholds>),
  trainedOn: z.array(TrainingSet).min(1).max(100),
})

export type ModelHeader = Readonly<z.output<typeof Header>>

/** A model as it stands in the file. */
export interface ModelFile {
  readonly header: ModelHeader
  readonly characterWeights: Int8Array
  readonly wordWeights: Int8Array
}

export function encodeModel({ header, characterWeights, wordWeights }: ModelFile): Uint8Array {
  const json = Buffer.from(JSON.stringify(Header.parse(header)), 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  const body = Buffer.concat([
    Buffer.from(MAGIC, 'latin1'),
    length,
    json,
    bytesOf(characterWeights),
    bytesOf(wordWeights),
  ])
  return Buffer.concat([body, checksum(body)])
}

/** @throws TextModelError `TEXT_MODEL_REFUSED` when anything at all is not as it was written */
export function decodeModel(bytes: Uint8Array): ModelFile {
  const start = MAGIC.length + 4
  if (bytes.length > MODEL_SIZE_LIMIT) throw refused('it is longer than any model of this version')
  if (bytes.length < start + CHECKSUM) throw refused('it is cut off')
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (file.toString('latin1', 0, MAGIC.length) !== MAGIC) throw refused('it does not begin as a model does')
  const end = file.length - CHECKSUM
  if (!checksum(file.subarray(0, end)).equals(file.subarray(end))) throw refused('its checksum does not hold')
  const tables = start + file.readUInt32LE(MAGIC.length)
  if (tables > end) throw refused('its header is longer than the file')
  const header = headerOf(file.toString('utf8', start, tables))
  const size = 2 ** header.bits
  if (end - tables !== 2 * size) throw refused('its tables are not of the size the header names')
  return {
    header,
    characterWeights: new Int8Array(file.subarray(tables, tables + size)),
    wordWeights: new Int8Array(file.subarray(tables + size, end)),
  }
}

/** The part of the header that says where features stand. */
export function shapeOf({ seed, characters, words, bits }: ModelHeader): FeatureShape {
  return { seed, characters, words, bits }
}

function headerOf(json: string): ModelHeader {
  const parsed = Header.safeParse(parseJson(json))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw refused(`its header is wrong at ${issue?.path.join('.') || 'the top'}: ${issue?.message ?? ''}`)
  }
  const header = parsed.data
  if (!isAscending(header.characters) || !isAscending(header.words)) {
    throw refused('the sizes in its header are not in ascending order')
  }
  for (const channel of TEXT_CHANNELS) {
    const { marked, blocked } = header.thresholds[channel]
    if (marked > blocked) throw refused(`the thresholds of ${channel} are in the wrong order`)
  }
  return header
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw refused('its header is not JSON', cause)
  }
}

function isAscending(sizes: readonly number[]): boolean {
  return sizes.every((size, i) => i === 0 || size > sizes[i - 1]!)
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function bytesOf(table: Int8Array): Uint8Array {
  return new Uint8Array(table.buffer, table.byteOffset, table.length)
}

function refused(why: string, cause?: unknown): TextModelError {
  return new TextModelError('TEXT_MODEL_REFUSED', {
    what: `the model of the text scanner is refused: ${why}`,
    fix: 'install Warder again, or build it again with npm run build',
    cause,
  })
}
