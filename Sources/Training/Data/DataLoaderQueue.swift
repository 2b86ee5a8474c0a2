import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The steps of a loader between the threads that make batches and the one that takes them.
///
/// A thread takes the next step of the plan under the lock and leaves what it made under the step's number; the reader
/// takes them by number. So the order is the plan's, whoever is faster. No more than `ahead` steps are on their way.
final class DataLoaderQueue<Batch: Sendable>: @unchecked Sendable {
  private struct Made {
    let result: Result<Batch?, any Error>
    let after: DataLoaderState
  }

  private let make: @Sendable (_ places: Range<Int>, _ epoch: Int) throws -> Batch
  private let ahead: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  // All below is touched under the lock only.
  private var plan: DataLoaderPlan
  private var position: DataLoaderState
  private var made: [Int: Made] = [:]
  /// The steps that threads have taken, and those that the reader has.
  private var taken = 0
  private var given = 0
  private var running = 0
  private var hasThreads = false
  private var isStopped = false
  private var failure: (any Error)?

  init(
    plan: DataLoaderPlan, start: DataLoaderState, ahead: Int,
    make: @escaping @Sendable (_ places: Range<Int>, _ epoch: Int) throws -> Batch
  ) {
    self.plan = plan
    position = start
    self.ahead = ahead
    self.make = make
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  var state: DataLoaderState { locked { position } }

  /// Starts the threads; those that were started end when one cannot be.
  func start(threads: Int) throws(DataError) {
    locked { hasThreads = threads > 0 }
    for _ in 0..<threads {
      locked { running += 1 }
      do throws(TensorError) { try EngineThread.start { self.work() } } catch {
        locked { running -= 1 }
        stop(waits: true)
        throw .system(error)
      }
    }
  }

  /// Lets the threads end, and waits for them if asked to.
  func stop(waits: Bool) {
    locked {
      isStopped = true
      pthread_cond_broadcast(condition)
      while waits, running > 0 { pthread_cond_wait(condition, mutex) }
      made = [:]
    }
  }

  func next() throws -> Batch? {
    let result = try locked { () throws -> Made in
      if let failure { throw failure }
      if !hasThreads {
        if isStopped { throw DataError.cancelled }
        return run(plan.next())
      }
      while made[given] == nil, !isStopped { pthread_cond_wait(condition, mutex) }
      guard !isStopped, let result = made.removeValue(forKey: given) else { throw DataError.cancelled }
      given += 1
      pthread_cond_broadcast(condition)
      return result
    }
    return try locked {
      do {
        let batch = try result.result.get()
        position = result.after
        return batch
      } catch {
        failure = error
        // Nothing that comes after will be asked for.
        isStopped = true
        pthread_cond_broadcast(condition)
        throw error
      }
    }
  }

  /// What a thread does until the queue is stopped.
  private func work() {
    while true {
      let job = locked { () -> (number: Int, step: DataLoaderPlan.Step)? in
        while !isStopped, taken - given >= ahead { pthread_cond_wait(condition, mutex) }
        if isStopped { return nil }
        defer { taken += 1 }
        return (taken, plan.next())
      }
      guard let job else { break }
      let result = run(job.step)
      locked {
        if !isStopped { made[job.number] = result }
        pthread_cond_broadcast(condition)
      }
    }
    locked {
      running -= 1
      pthread_cond_broadcast(condition)
    }
  }

  private func run(_ step: DataLoaderPlan.Step) -> Made {
    switch step {
    case .batch(let places, let epoch, let after):
      Made(result: Result { try make(places, epoch) }, after: after)
    case .end(let after): Made(result: .success(nil), after: after)
    }
  }
}
