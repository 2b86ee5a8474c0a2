/// Batches of a source's elements, epoch after epoch: shuffled, shared between ranks, made ahead by threads of its own, and
/// resumable at any point.
///
/// ```swift
/// let loader = try DataLoader(source, options: options, from: saved)
/// while let batch = try loader.next() { … }   // one epoch
/// let saved = loader.state                    // goes into the checkpoint
/// ```
///
/// Batches come in the same order and hold the same to the bit, whatever the number of threads. Threads read ahead past the
/// end of an epoch into the next. They end with the loader, or with ``cancel()``.
public final class DataLoader<Source: DataSource, Batch: Sendable>: Sendable {
  private let queue: DataLoaderQueue<Batch>

  /// A loader.
  ///
  /// - Parameters:
  ///   - source: the elements.
  ///   - options: how it goes through them.
  ///   - state: where it begins; by default with the first epoch.
  ///   - collate: makes a batch of elements, of none too where ranks are more than the elements of a last step; runs on
  ///     the loader's threads.
  /// - Throws: ``DataError`` naming the option, or the field of the position; ``DataError/system(_:)`` when a thread
  ///   cannot be started.
  public init(
    _ source: Source, options: DataLoaderOptions, from state: DataLoaderState? = nil,
    collate: @escaping @Sendable ([Source.Element]) throws -> Batch
  ) throws(DataError) {
    try options.prove()
    let count = source.count
    let start =
      state
      ?? DataLoaderState(epoch: 0, position: 0, seed: options.seed, shuffles: options.shuffles, count: count)
    try start.prove(for: options, count: count)
    queue = DataLoaderQueue(plan: DataLoaderPlan(options, from: start), start: start, ahead: options.ahead) {
      places, epoch in
      let order = options.shuffles ? Permutation(count: count, seed: options.seed, epoch: epoch) : nil
      return try collate(places.map { try source.element(at: order?[$0] ?? $0, epoch: epoch) })
    }
    try queue.start(threads: options.threads)
  }

  deinit { queue.stop(waits: false) }

  /// The next batch; nothing at the end of an epoch, after which the next one begins. Waits for the threads, so it
  /// belongs on a thread of the program's own.
  ///
  /// - Throws: what the source or the collation threw for this batch, now and from now on; ``DataError/cancelled``.
  public func next() throws -> Batch? { try queue.next() }

  /// Where the loader is: after the batch that was given last.
  public var state: DataLoaderState { queue.state }

  /// Ends the threads and waits until they have ended. It does not interrupt the making of an element.
  public func cancel() { queue.stop(waits: true) }
}

extension DataLoader where Batch == [Source.Element] {
  /// A loader whose batches are arrays of elements.
  ///
  /// - Throws: ``DataError`` naming the option, or the field of the position.
  public convenience init(
    _ source: Source, options: DataLoaderOptions, from state: DataLoaderState? = nil
  ) throws(DataError) {
    try self.init(source, options: options, from: state) { $0 }
  }
}
