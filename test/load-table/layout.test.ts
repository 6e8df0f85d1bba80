import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/contract/errors.ts';
import { LATENCY_CELLS } from '../../src/load-table/latency-cells.ts';
import {
  createLoadTable,
  HEADER_BYTES,
  type LoadTableShape,
  layoutOf,
  PICTURE,
  PICTURE_COPIES,
  PICTURE_NUMBERS,
} from '../../src/load-table/layout.ts';

const LINE_BYTES = 128;

interface Block {
  readonly writer: string;
  readonly from: number;
  /** Behind the last byte that is used. */
  readonly to: number;
}

/** Every block of a slot, in the order of addresses. */
function blocksOf(shape: LoadTableShape, slot: number): Block[] {
  const layout = layoutOf(shape);
  const start = slot * layout.slotBytes;
  const cells = Array.from({ length: shape.cellsPerSlot }, (_, cell): Block[] => {
    const at = start + layout.cellsAt + cell * layout.cellBytes;
    const timelineAt = at + layout.timelineAt;
    return [
      { writer: `both ${slot}`, from: at, to: at + 4 },
      { writer: `thread ${slot}`, from: timelineAt, to: timelineAt + 8 * (shape.batchTasks + 1) },
    ];
  }).flat();
  const latencyAt = start + layout.latencyAt;
  return [
    { writer: `thread ${slot}`, from: start, to: start + HEADER_BYTES },
    { writer: 'main', from: start + layout.cancelAt, to: start + layout.cancelAt + 4 * shape.cellsPerSlot },
    ...cells,
    { writer: `thread ${slot}`, from: latencyAt, to: latencyAt + 8 * LATENCY_CELLS },
  ];
}

const shapes = fc.record({
  slots: fc.integer({ min: 1, max: 4 }),
  cellsPerSlot: fc.integer({ min: 1, max: 16 }),
  batchTasks: fc.integer({ min: 1, max: 2000 }),
});

describe('the layout of the load table', () => {
  test('starts every block at a multiple of 128 bytes and lets none overlap', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const blocks = Array.from({ length: shape.slots }, (_, slot) => blocksOf(shape, slot)).flat();
        const misplaced = blocks.filter(
          ({ from }, i) => from % LINE_BYTES !== 0 || (i > 0 && from < blocks[i - 1]!.to),
        );
        expect(misplaced).toEqual([]);
        expect(shape.slots * layoutOf(shape).slotBytes).toBeGreaterThanOrEqual(blocks.at(-1)!.to);
      }),
    );
  });

  test('keeps words of different writers on different lines wherever the buffer lies in memory', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: LINE_BYTES / 8 - 1 }), (shape, shift) => {
        const lineOf = (at: number) => Math.floor((at + 8 * shift) / LINE_BYTES);
        const blocks = Array.from({ length: shape.slots }, (_, slot) => blocksOf(shape, slot)).flat();
        const crowded = blocks.filter((block, i) => {
          const before = blocks[i - 1];
          if (before === undefined || before.writer === block.writer) return false;
          return lineOf(block.from) <= lineOf(before.to - 1);
        });
        expect(crowded).toEqual([]);
      }),
    );
  });

  test('has a place of its own for everything in a picture, and a power of two of pictures', () => {
    const places = Object.values(PICTURE);
    expect(new Set(places).size).toBe(places.length);
    expect(Math.max(...places)).toBeLessThan(PICTURE_NUMBERS);
    expect(Math.log2(PICTURE_COPIES) % 1).toBe(0);
  });

  test('fits the smallest and the largest shape', () => {
    expect(createLoadTable({ slots: 1, cellsPerSlot: 1, batchTasks: 1 }).buffer.byteLength).toBeGreaterThan(
      0,
    );
    expect(createLoadTable({ slots: 1024, cellsPerSlot: 16, batchTasks: 512 }).slots).toBe(1024);
    expect(createLoadTable({ slots: 64, cellsPerSlot: 16, batchTasks: 32_767 }).batchTasks).toBe(32_767);
  });

  test.each([
    [{ slots: 0, cellsPerSlot: 4, batchTasks: 8 }, 'slots: expected an integer from 1 to 1024, got 0'],
    [{ slots: 1025, cellsPerSlot: 4, batchTasks: 8 }, 'slots: expected an integer from 1 to 1024, got 1025'],
    [{ slots: 2, cellsPerSlot: 17, batchTasks: 8 }, 'cellsPerSlot: expected an integer from 1 to 16, got 17'],
    [
      { slots: 2, cellsPerSlot: Number.NaN, batchTasks: 8 },
      'cellsPerSlot: expected an integer from 1 to 16, got NaN',
    ],
    [
      { slots: 2, cellsPerSlot: 4, batchTasks: 1.5 },
      'batchTasks: expected an integer from 1 to 32767, got 1.5',
    ],
    [
      { slots: 2, cellsPerSlot: 4, batchTasks: 32_768 },
      'batchTasks: expected an integer from 1 to 32767, got 32768',
    ],
    [{ slots: '2', cellsPerSlot: 4, batchTasks: 8 }, 'slots: expected an integer from 1 to 1024, got "2"'],
  ])('refuses %o, naming the number, what was expected and what came', (shape, message) => {
    const create = () => createLoadTable(shape as LoadTableShape);
    expect(create).toThrow(ConfigError);
    expect(create).toThrow(message);
  });

  test('refuses a table of more than 2 GiB', () => {
    expect(() => createLoadTable({ slots: 1024, cellsPerSlot: 16, batchTasks: 32_767 })).toThrow(
      /slots: expected a table of at most 2147483648 bytes, got \d+ bytes for 1024 slots/,
    );
  });
});
