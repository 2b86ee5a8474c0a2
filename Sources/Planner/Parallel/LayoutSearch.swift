import Costs

/// Every layout of a training run on so many devices: what each takes, and why others cannot be.
public struct LayoutSearch: Sendable {
  /// A layout's tensor, pipeline and data devices, and why none of their kind can be.
  public struct Refused: Sendable, Hashable {
    /// The layout that came nearest: for memory the one that needs least.
    public var layout: ParallelLayout
    /// Why.
    public var refusal: LayoutRefusal
  }

  /// The choices beside t, p and d.
  public struct Choices: Sendable, Hashable {
    /// What may be computed again.
    public var recomputations: [Recomputation]
    /// What copies may share.
    public var shardings: [StateSharding]
    /// Whether norms may be shared by tensor groups.
    public var sharesNorms: [Bool]
    /// The schedules.
    public var schedules: [PipelineSchedule]
    /// The largest microbatch.
    public var largestMicrobatch: Int
    /// The most devices of a tensor group.
    public var largestTensor: Int

    /// Choices, by default all.
    public init(
      recomputations: [Recomputation] = Recomputation.allCases, shardings: [StateSharding] = StateSharding.allCases,
      sharesNorms: [Bool] = [false, true], schedules: [PipelineSchedule] = PipelineSchedule.allCases,
      largestMicrobatch: Int = .max, largestTensor: Int = .max
    ) {
      self.recomputations = recomputations
      self.shardings = shardings
      self.sharesNorms = sharesNorms
      self.schedules = schedules
      self.largestMicrobatch = largestMicrobatch
      self.largestTensor = largestTensor
    }
  }

  /// Layouts that fit, the fastest first.
  public private(set) var ranked: [LayoutEstimate] = []
  /// Triples of t, p and d of which none can be, with the nearest.
  public private(set) var refused: [Refused] = []
  /// Layouts whose time and memory were found.
  public private(set) var examined = 0

  /// Finds them all.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` for a count of devices that is none;
  ///   ``PlannerError/unsupportedPrecision(_:device:)``.
  public init(
    _ run: TrainingRun, devices: Int, _ model: ParallelCostModel, _ choices: Choices = Choices()
  ) throws(PlannerError) {
    guard (1...1 << 20).contains(devices) else {
      throw .invalid(field: "devices", problem: "\(devices) lies outside 1…\(1 << 20)")
    }
    for tensor in Self.divisors(devices) where tensor <= choices.largestTensor {
      let weights = ShardWeights(run.shape, tensor: tensor)
      var times: [TimesKey: StageTimes] = [:]
      for pipeline in Self.divisors(devices / tensor) {
        let data = devices / tensor / pipeline
        let start = ParallelLayout(tensor: tensor, pipeline: pipeline, data: data)
        if let refusal = model.refusal(of: start, run, devices: devices) {
          refused.append(Refused(layout: start, refusal: refusal))
          continue
        }
        var least: LayoutEstimate?
        let before = ranked.count
        for layout in Self.layouts(start, run, choices) {
          let key = TimesKey(microbatch: layout.microbatch, sharesNorms: layout.sharesNorms)
          let found: StageTimes
          if let known = times[key] {
            found = known
          } else {
            found = try model.times(run, layout)
            times[key] = found
          }
          let estimate = model.estimate(run, layout, found, weights)
          examined += 1
          if estimate.bytes <= model.cluster.device.memory.value {
            ranked.append(estimate)
          } else if ranked.count == before, estimate.bytes < least?.bytes ?? .infinity {
            least = estimate
          }
        }
        if ranked.count == before, let least {
          let refusal = LayoutRefusal.memory(bytes: least.bytes, device: model.cluster.device.memory.value)
          refused.append(Refused(layout: least.layout, refusal: refusal))
        }
      }
    }
    // Ties keep the order in which they were found.
    let order = ranked.enumerated().sorted {
      ($0.element.seconds, $0.element.bytes, $0.offset) < ($1.element.seconds, $1.element.bytes, $1.offset)
    }
    ranked = order.map(\.element)
  }

  private struct TimesKey: Hashable {
    let microbatch: Int
    let sharesNorms: Bool
  }

  /// Layouts of which none is both faster and smaller than another: each is the smallest of those that are as fast.
  public var front: [LayoutEstimate] {
    var front: [LayoutEstimate] = []
    for estimate in ranked where estimate.bytes < front.last?.bytes ?? .infinity { front.append(estimate) }
    return front
  }

  /// All layouts of `start`'s t, p and d that can be, memory left aside.
  private static func layouts(
    _ start: ParallelLayout, _ run: TrainingRun, _ choices: Choices
  ) -> [ParallelLayout] {
    var layouts: [ParallelLayout] = []
    let shardings = choices.shardings.filter { sharding in
      switch sharding {
      case .none: true
      case .optimizer: start.data > 1
      case .gradients: start.data > 1 && start.pipeline == 1
      case .weights: start.data > 1 && start.pipeline == 1 && start.tensor == 1
      }
    }
    let norms = start.tensor == 1 ? [false] : choices.sharesNorms
    for microbatch in divisors(run.batch / start.data) where microbatch <= choices.largestMicrobatch {
      let microbatches = run.batch / start.data / microbatch
      for schedule in choices.schedules {
        let chunks: [Int]
        switch schedule {
        case .gpipe: chunks = start.pipeline > 1 ? [1] : []
        case .oneForwardOneBackward: chunks = [1]
        case .interleaved:
          let divides = start.pipeline > 1 && microbatches.isMultiple(of: start.pipeline)
          chunks = divides ? Array(divisors(run.shape.layers / start.pipeline).dropFirst()) : []
        }
        for count in chunks {
          for recomputation in choices.recomputations {
            for sharding in shardings {
              for shared in norms {
                var layout = start
                layout.microbatch = microbatch
                layout.schedule = schedule
                layout.chunks = count
                layout.recomputation = recomputation
                layout.sharding = sharding
                layout.sharesNorms = shared
                layouts.append(layout)
              }
            }
          }
        }
      }
    }
    return layouts
  }

  /// The divisors of a count, the smallest first.
  static func divisors(_ count: Int) -> [Int] {
    var (small, large): ([Int], [Int]) = ([], [])
    var candidate = 1
    while candidate * candidate <= count {
      if count.isMultiple(of: candidate) {
        small.append(candidate)
        if candidate * candidate != count { large.append(count / candidate) }
      }
      candidate += 1
    }
    return small + large.reversed()
  }
}
