/// Batches for training, epoch after epoch: a ``DataLoader``, or whatever can be resumed as it can.
public protocol BatchSource<Batch>: AnyObject {
  /// What a model learns from.
  associatedtype Batch

  /// The next batch; nothing at the end of an epoch, after which the next one begins.
  func next() throws -> Batch?
  /// Where the source is: after the batch that was given last.
  var state: DataLoaderState { get }
}

extension DataLoader: BatchSource {}
