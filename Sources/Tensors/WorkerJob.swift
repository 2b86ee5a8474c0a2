import CVenturi

/// Work for ``Workers`` that is made once and run any number of times without allocating, as operators of a captured plan
/// need it.
public final class WorkerJob {
  /// What is done for an item on a worker.
  let body: (_ item: Int, _ worker: Int) -> Void

  /// A job of `body`, which allocates nothing itself.
  public init(_ body: @escaping (_ item: Int, _ worker: Int) -> Void) { self.body = body }
}

extension Workers {
  /// Runs `job` for every item of `0..<count`, in parallel; returns when all are done.
  public func run(_ count: Int, _ job: WorkerJob) {
    if count == 1 { return job.body(0, 0) }
    run(
      count,
      job: { context, item, worker in
        Unmanaged<WorkerJob>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue().body(Int(item), Int(worker))
      }, context: Unmanaged.passUnretained(job).toOpaque())
  }
}
