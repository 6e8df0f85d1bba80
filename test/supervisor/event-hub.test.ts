import { describe, expect, it } from 'vitest';
import { EventHub } from '../../src/supervisor/event-hub.ts';

describe('engine events', () => {
  it('reach their listeners in the order in which these were added, until they are removed', () => {
    const hub = new EventHub();
    const seen: string[] = [];
    const removeFirst = hub.on('threadReady', ({ threadId }) => seen.push(`first ${threadId}`));
    hub.on('threadReady', ({ threadId }) => seen.push(`second ${threadId}`));
    hub.emit('threadReady', { threadId: 1 });
    removeFirst();
    removeFirst();
    hub.emit('threadReady', { threadId: 2 });
    expect(seen).toEqual(['first 1', 'second 1', 'second 2']);
  });

  it('reach the other listeners if one throws, which is reported', () => {
    const hub = new EventHub();
    const seen: unknown[] = [];
    const error = new Error('mine');
    hub.on('threadReady', () => {
      throw error;
    });
    hub.on('threadReady', ({ threadId }) => seen.push(threadId));
    hub.on('listenerError', (event) => seen.push(event));
    hub.emit('threadReady', { threadId: 1 });
    expect(seen).toEqual([{ event: 'threadReady', error }, 1]);
  });

  it('end there if the listener of listener errors throws itself', () => {
    const hub = new EventHub();
    hub.on('listenerError', () => {
      throw new Error('again');
    });
    expect(() => hub.failed('progress', new Error('first'))).not.toThrow();
  });

  it('do not reach a listener that is added or removed while they are handed out', () => {
    const hub = new EventHub();
    const seen: string[] = [];
    const remove: (() => void)[] = [];
    hub.on('threadReady', () => {
      seen.push('a');
      remove[0]?.();
      hub.on('threadReady', () => seen.push('late'));
    });
    remove.push(hub.on('threadReady', () => seen.push('b')));
    hub.emit('threadReady', { threadId: 1 });
    expect(seen).toEqual(['a', 'b']);
  });

  it('have at most 32 listeners each, and must exist', () => {
    const hub = new EventHub();
    for (let i = 0; i < 32; i++) hub.on('threadReady', () => {});
    expect(() => hub.on('threadReady', () => {})).toThrow('at most 32 listeners');
    expect(() => hub.on('ready' as never, () => {})).toThrow(
      /event: expected one of .*threadReady.*, got ready/,
    );
    expect(() => hub.on('toString' as never, () => {})).toThrow('event: expected one of');
  });

  it('need a listener that is a function', () => {
    expect(() => new EventHub().on('threadReady', 'loud' as never)).toThrow(
      /listener: expected a function, got/,
    );
  });
});
