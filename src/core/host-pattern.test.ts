import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHostNamed } from './host-pattern.ts'

test('a star names what is below, and nothing that only ends alike', () => {
  for (const host of ['a.example.org', 'b.a.example.org']) assert.ok(isHostNamed(host, '*.example.org'), host)
  for (const host of ['example.org', 'badexample.org', '.example.org', 'a.example.org.evil'])
    assert.ok(!isHostNamed(host, '*.example.org'), host)
})

test('a name is itself, and an address is the same with brackets', () => {
  assert.ok(isHostNamed('example.org', 'example.org'))
  assert.ok(!isHostNamed('a.example.org', 'example.org'))
  assert.ok(isHostNamed('::1', '[::1]') && isHostNamed('[::1]', '::1'))
})
