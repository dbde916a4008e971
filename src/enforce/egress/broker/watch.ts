import type { Place, SecretBinding } from './binding.ts'
import { BrokerError } from './errors.ts'
import { base32, formsOf, squeezed } from './forms.ts'
import { Search, SHORTEST_NEEDLE_BYTES, type Needle } from './search.ts'
import { unfolded } from './unfold.ts'

/** What was found: whose, which of its three values, written how. */
export interface Mark {
  readonly binding: SecretBinding
  /** Which part of the binding: 0 is its value, 1 the session token of a signing key. */
  readonly part: number
  readonly what: 'placeholder' | 'value' | 'canary'
  readonly how: string
  /** For a value: the placeholder written the same way, to be shown in its place. */
  readonly twin?: Uint8Array
}

/** A placeholder and what it stands for; a signing key with a session token has two. */
export interface Part {
  readonly binding: SecretBinding
  readonly index: number
  readonly placeholder: string
  /** Where it is exchanged; nowhere for a key that only signs. */
  readonly places: readonly Place[]
  /** Lends the real value. */
  readonly use: <T>(act: (bytes: Uint8Array) => T) => T
  /** How many bytes placeholder and value have in common at their beginning: the prefix of the type. */
  readonly commonBytes: number
}

/** All that is looked for in one run: every placeholder, value and canary, in every form. */
export class Watch {
  readonly search: Search<Mark>
  readonly parts: readonly Part[]
  /** What may hide in a host name, in lower case: host names do not keep the case. */
  readonly #names: readonly { readonly text: string; readonly mark: Mark }[]

  /** Names that were looked at; most runs ask for few, and for each of them often. */
  readonly #clean = new Set<string>()

  /** @throws BrokerError `BROKER_BINDING_INVALID` */
  constructor(bindings: readonly SecretBinding[]) {
    this.parts = bindings.flatMap(partsOf)
    const needles = this.parts.flatMap(needlesOf)
    this.search = new Search(needles)
    this.#names = this.parts.flatMap(namesOf)
  }

  /** The first thing seen in a text, also under encodings laid over each other; for heads, which are short. */
  inText(text: string): Mark | undefined {
    for (const layer of unfolded(text)) {
      const [hit] = this.search.find(Buffer.from(layer, 'latin1'))
      if (hit !== undefined) return hit.needle.tag
    }
    return undefined
  }

  /** A secret in a host name: whole, or a long piece of it, across labels and hyphens, or as hex or base32. */
  inName(name: string): Mark | undefined {
    if (this.#clean.has(name)) return undefined
    const flat = squeezed(name).toLowerCase()
    const mark = this.#names.find(({ text }) => sharesPiece(flat, text))?.mark ?? this.inText(name)
    if (mark === undefined && this.#clean.size < MOST_CLEAN) this.#clean.add(name)
    return mark
  }

  close(): void {
    this.search.close()
  }
}

function partsOf(binding: SecretBinding): Part[] {
  const { sign } = binding
  const first = part(binding, 0, binding.placeholder, (act) => binding.value.use(act))
  const token = sign?.sessionToken
  if (sign === undefined || token === undefined) return [first]
  return [first, part(binding, 1, sign.placeholderToken ?? '', (act) => token.use(act))]
}

function part(binding: SecretBinding, index: number, placeholder: string, use: Part['use']): Part {
  const bytes = Buffer.from(placeholder, 'latin1')
  const commonBytes = use((value) => commonPrefix(bytes, value))
  const isPlainText = /^[\x20-\x7e]*$/.test(placeholder)
  const sizes = [bytes.length, use((value) => value.length)]
  if (!isPlainText || sizes.some((sizeBytes) => sizeBytes - commonBytes < SHORTEST_NEEDLE_BYTES)) {
    throw new BrokerError(
      binding.name,
      'its value or placeholder is too short, or too like the other, to be told from ordinary text',
      `use a value of at least ${SHORTEST_NEEDLE_BYTES} characters and let Warder make the placeholder`,
    )
  }
  const isBodyOnly = binding.places.every((place) => place === 'body')
  if (!isBodyOnly && use((value) => value.some((byte) => byte < 0x20 || byte === 0x7f))) {
    throw new BrokerError(
      binding.name,
      'its value has line breaks or control characters, which no header or address can carry',
      'bind it to the body alone, or store it without them (a final line break, perhaps)',
    )
  }
  const places: readonly Place[] =
    binding.sign === undefined ? binding.places : index === 0 ? [] : ['header', 'query']
  return { binding, index, placeholder, places, use, commonBytes }
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  const differs = a.findIndex((byte, at) => byte !== b[at])
  return differs === -1 ? a.length : differs
}

/**
 * Only what lies behind the common prefix is looked for: `ghp_` alone says nothing, and it would be found in both.
 * Pieces count where the rest is long and random; a password of words is found as a whole only.
 */
function needlesOf({ binding, index, placeholder, use, commonBytes }: Part): Needle<Mark>[] {
  const fake = Buffer.from(placeholder, 'latin1').subarray(commonBytes)
  const twins = formsOf(fake)
  const mark = (what: Mark['what'], how: string): Mark => ({ binding, part: index, what, how })
  const canary = index === 0 ? binding.canary : undefined
  return [
    ...twins.map((form) => needle(form, mark('placeholder', form.how), isRandom(fake))),
    ...use((value) => {
      const real = value.subarray(commonBytes)
      return formsOf(real).map((form, at) =>
        needle(form, { ...mark('value', form.how), ...twinOf(twins[at]) }, isRandom(real)),
      )
    }),
    ...(canary?.use((twin) => {
      const bait = use((value) => twin.subarray(commonPrefix(twin, value)))
      return formsOf(bait).map((form) => needle(form, mark('canary', form.how), isRandom(bait)))
    }) ?? []),
  ]
}

const twinOf = (form?: { readonly bytes: Buffer }) => (form === undefined ? {} : { twin: form.bytes })

function needle(form: ReturnType<typeof formsOf>[number], tag: Mark, hasPieces: boolean): Needle<Mark> {
  return { bytes: form.bytes, tag, ...(hasPieces ? { pieceBytes: form.pieceBytes } : {}) }
}

const RANDOM_BITS_PER_CHARACTER = 3.2
const RANDOM_LENGTH = 20

function isRandom(bytes: Uint8Array): boolean {
  const counts = Map.groupBy(bytes, (byte) => byte)
  const entropy = [...counts.values()].reduce((sum, { length }) => {
    const share = length / bytes.length
    return sum - share * Math.log2(share)
  }, 0)
  return bytes.length >= RANDOM_LENGTH && entropy >= RANDOM_BITS_PER_CHARACTER
}

const SHORTEST_NAME_PIECE = 12
const MOST_CLEAN = 1000

function namesOf({ binding, index, placeholder, use, commonBytes }: Part): { text: string; mark: Mark }[] {
  const mark = (what: Mark['what'], how: string): Mark => ({ binding, part: index, what, how })
  const fake = Buffer.from(placeholder, 'latin1').subarray(commonBytes)
  const canary = index === 0 ? binding.canary : undefined
  return [
    ...spellings(fake).map(([how, text]) => ({ text, mark: mark('placeholder', how) })),
    ...use((value) => spellings(value.subarray(commonBytes))).map(([how, text]) => ({
      text,
      mark: mark('value', how),
    })),
    ...(canary?.use((twin) => spellings(use((value) => twin.subarray(commonPrefix(twin, value))))) ?? []).map(
      ([how, text]) => ({
        text,
        mark: mark('canary', how),
      }),
    ),
  ]
}

function spellings(bytes: Uint8Array): [string, string][] {
  const text = Buffer.from(bytes).toString('latin1')
  // names do not keep the case, so that somebody may give it up before writing the letters as digits
  const kept = [Buffer.from(bytes), Buffer.from(text.toLowerCase(), 'latin1')]
  return [
    ['letters and digits alone', squeezed(text).toLowerCase()],
    ['reversed', Array.from(squeezed(text).toLowerCase()).toReversed().join('')],
    ...kept.map((each): [string, string] => ['hex', each.toString('hex')]),
    ...kept.map((each): [string, string] => ['base32', base32(each)]),
    ...[0, 1, 2].map((offset): [string, string] => ['base64', base64Core(bytes, offset).toLowerCase()]),
  ]
}

function base64Core(bytes: Uint8Array, offset: number): string {
  const all = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  return squeezed(all.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)))
}

/** Whether the name has any {@link SHORTEST_NAME_PIECE} characters of the text (all of it, where it is shorter). */
function sharesPiece(name: string, text: string): boolean {
  const size = Math.min(SHORTEST_NAME_PIECE, text.length)
  if (size < SHORTEST_NEEDLE_BYTES) return false
  for (let at = 0; at + size <= text.length; at += 1) {
    if (name.includes(text.slice(at, at + size))) return true
  }
  return false
}
