import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeQR } from 'qr'
import { drawnOn, modulesOf, scanned } from '../../test/kit/camera.ts'
import { readScan, scanText } from './commands/pairing-scan.ts'
import { createOut } from './out.ts'
import { qrRows, speaksUnicode } from './qr.ts'

const SCAN = { code: 'ABCDEFGH', fingerprint: '0123-4567-89ab-cdef' }

test('what is drawn is read back by a decoder, for every code and fingerprint', () => {
  const symbols = fc.constantFrom(...Array.from('ABCDEFGHJKLMNPQRSTUVWXYZ23456789'))
  const code = fc.string({ unit: symbols, minLength: 8, maxLength: 8 })
  const digits = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdef')),
    minLength: 16,
    maxLength: 16,
  })
  fc.assert(
    fc.property(code, digits, (some, hex) => {
      const scan = { code: some, fingerprint: hex.replaceAll(/(.{4})(?=.)/g, '$1-') }
      const text = scanned(qrRows(scanText(scan)))
      assert.equal(text, scanText(scan))
      assert.deepEqual(readScan(text), scan)
    }),
    { numRuns: 40 },
  )
})

test('the drawing is the whole symbol with its quiet zone, module for module', () => {
  const rows = qrRows(scanText(SCAN))
  const modules = modulesOf(rows)
  const size = 25 + 2 * 4 // version 2: 38 letters and digits at medium correction
  assert.deepEqual([rows.length, rows[0]?.length], [17, size])
  assert.deepEqual(modules.slice(0, size), encodeQR(scanText(SCAN), 'raw', { ecc: 'medium', border: 4 }))
  assert.ok(
    modules
      .slice(size)
      .flat()
      .every((dark) => !dark),
    'half a line of light fills the last row',
  )
  // the finder at the upper left, as the standard draws it
  const finder = modules.slice(4, 11).map((row) =>
    row
      .slice(4, 11)
      .map((dark) => (dark ? '#' : '.'))
      .join(''),
  )
  assert.deepEqual(finder, ['#######', '#.....#', '#.###.#', '#.###.#', '#.###.#', '#.....#', '#######'])
})

test('a drawing that lacks some rows is no code any more: what reads it above does read it', () => {
  const rows = qrRows(scanText(SCAN))
  assert.throws(() => scanned(rows.filter((_row, at) => at < 3 || at > 8)))
})

test('a text that is no scan is a code that was typed', () => {
  const digits = '0123456789ABCDEF'
  for (const text of ['ABCD-EFGH', '', 'WARDER:PAIR:ABCDEFGH:', `WARDER:PAIR:ABCDEFG1:${digits}`]) {
    assert.equal(readScan(text), undefined, text)
  }
  assert.equal(readScan(`WARDER:PAIR:ABCDEFGH:${digits}:X`), undefined)
  assert.throws(() => scanText({ code: 'short', fingerprint: SCAN.fingerprint }), TypeError)
})

test('it is drawn on a terminal with colours and room, and nowhere else', () => {
  const rows = qrRows(scanText(SCAN))
  const drawn = (stderr: { isTTY?: boolean; columns?: number }, more: object = {}) => {
    const written: string[] = []
    const sink = { write: (text: string) => written.push(text) }
    const usual = { stdout: sink, json: false, quiet: false, verbose: false, color: true }
    const out = createOut({ ...usual, stderr: { ...sink, ...stderr }, ...more })
    return { said: out.picture(rows), written: written.join('') }
  }
  const shown = drawn({ isTTY: true, columns: 80 })
  assert.equal(shown.said, true)
  assert.equal(scanned(drawnOn(shown.written)), scanText(SCAN))
  const quiet = { said: false, written: '' }
  assert.deepEqual(drawn({ isTTY: true, columns: 32 }), quiet, 'no room')
  assert.deepEqual(drawn({}), quiet, 'no terminal')
  assert.deepEqual(drawn({ isTTY: true }, { color: false }), quiet, 'NO_COLOR, --no-color or a dumb terminal')
  assert.deepEqual(drawn({ isTTY: true }, { json: true }), quiet)
  assert.deepEqual(drawn({ isTTY: true }, { quiet: true }), quiet)
})

test('a locale that has not the signs draws nothing', () => {
  assert.equal(speaksUnicode({ LANG: 'de_CH.UTF-8' }), true)
  assert.equal(speaksUnicode({ LANG: 'C.utf8' }), true)
  for (const environment of [
    {},
    { LANG: 'C' },
    { LC_ALL: 'C', LANG: 'en_US.UTF-8' },
    { LC_ALL: '', LANG: 'de' },
  ]) {
    assert.equal(speaksUnicode(environment), false, JSON.stringify(environment))
  }
})
