import Costs

extension ParallelCostModel {
  /// What a layout that can be takes, from its operators' times.
  func estimate(
    _ run: TrainingRun, _ layout: ParallelLayout, _ times: StageTimes, _ weights: ShardWeights
  ) -> LayoutEstimate {
    let (t, p, d) = (layout.tensor, layout.pipeline, layout.data)
    let microbatches = run.batch / (d * layout.microbatch)
    var estimate = LayoutEstimate(layout, microbatches: microbatches)
    let (m, v) = (Double(microbatches), Double(layout.chunks))
    let layers = Double(run.shape.layers / p)
    let rows = Double(layout.microbatch) * Double(run.sequence)
    let stream = rows * Double(run.shape.width) * run.widths.activations

    // A microbatch on a device: its layers, and on the fuller end the embedding or the output layer.
    let again =
      switch layout.recomputation {
      case .none: 0.0
      case .attention: times.attention
      case .layer: times.forward
      }
    let head = times.headForward + times.headBackward
    let ends = p == 1 ? times.embedding + head : max(times.embedding, head)
    let forward = layers * times.forward
    let backward = layers * (times.backward + again)
    estimate.compute = m * (forward + backward + ends)

    // Two sums a layer each way, and two where it is computed again; one for the embedding or for the output layer's input,
    // with three numbers of each row for the loss.
    let tensorLink = link(spanning: t)
    let sum = Collective.allReduce.ringSeconds(ranks: t, bytes: stream, over: tensorLink)
    let lossSums = 3 * Collective.allReduce.ringSeconds(ranks: t, bytes: 4 * rows, over: tensorLink)
    let sums = layers * sum * (layout.recomputation == .layer ? 6 : 4)
    estimate.tensorTransfers = m * (sums + (p == 1 ? 2 : 1) * sum + lossSums)

    var transfers = 0.0
    if p > 1 {
      let scattered = layout.scattersBoundary && t > 1
      // The worst boundary of a pipeline that does not fit a tier is the tier's edge.
      var message = link(spanning: t * d * p).seconds(scattered ? stream / Double(t) : stream)
      if scattered, !layout.sharesNorms {
        message += Collective.allGather.ringSeconds(ranks: t, bytes: stream, over: tensorLink)
      }
      transfers = 2 * v * message
      estimate.boundaryTransfers = m * transfers
      estimate.bubble = Double(p - 1) / v * (forward + backward + sums + transfers)
    }

    let stage = weights.stage(layers: layers, stages: p)
    let copies = Double(d)
    if layout.sharding == .weights {
      estimate.dataTransfers = weightTransfers(run, layout, stage, backward: backward, m)
    } else {
      estimate.dataTransfers = gradientTransfers(run, layout, stage, weights, backward: backward, m)
    }
    let updated = layout.sharding == .none ? stage : stage / copies
    estimate.optimizer = seconds(TransformerCosts.optimizer(weights: updated, widths: run.widths))
    memory(&estimate, run, layout, weights, stream: stream, rows: rows)
    return estimate
  }

  private func seconds(_ op: PlannedOperator) -> Double {
    operators.roofline(op, on: cluster.device)?.seconds(op.cost) ?? op.cost.bytes / cluster.device.bandwidth.value
  }

  /// One sum of gradients over copies, or a scattered sum and a gathering of weights, which send as much; where gradients are shared
  /// each microbatch's are scattered. The table of a tied embedding is summed over the two stages that have it.
  private func gradientTransfers(
    _ run: TrainingRun, _ layout: ParallelLayout, _ stage: Double, _ weights: ShardWeights, backward: Double,
    _ m: Double
  ) -> Double {
    let d = layout.data
    let link = link(spanning: layout.tensor * d)
    let gradients = stage * run.widths.gradients
    var exposed =
      layout.sharding == .none
      ? Collective.allReduce.ringSeconds(ranks: d, bytes: gradients, over: link)
      : Collective.reduceScatter.ringSeconds(ranks: d, bytes: gradients, over: link)
        * (layout.sharding == .gradients ? m : 1)
        + Collective.allGather.ringSeconds(ranks: d, bytes: stage * run.widths.weights, over: link)
    if layout.overlapsGradients { exposed = max(0, exposed - backward) }
    if layout.pipeline > 1, weights.tied {
      exposed += Collective.allReduce.ringSeconds(
        ranks: 2, bytes: weights.table * run.widths.gradients,
        over: self.link(spanning: layout.tensor * d * layout.pipeline))
    }
    return exposed
  }

  /// Weights that are gathered for each forward and each backward pass, and gradients that are scattered.
  ///
  /// An operator waits for its weights: DeepSpeed fetches ahead only what a buffer of 5·10⁷ numbers holds (its standard setting,
  /// recalled), less than one matrix of a large model. Gradients are scattered while the backward pass goes on. Four matrices of a
  /// layer are gathered one by one; vectors stay.
  private func weightTransfers(
    _ run: TrainingRun, _ layout: ParallelLayout, _ stage: Double, backward: Double, _ m: Double
  ) -> Double {
    let d = layout.data
    guard d > 1 else { return 0 }
    let link = link(spanning: d)
    let starts = Double(d - 1) * link.latency * Double(4 * run.shape.layers + 1)
    let part = Double(d - 1) / Double(d) * stage / link.bandwidth
    let gather = starts + part * run.widths.weights
    let scatter = starts + part * run.widths.gradients
    return m * (2 * gather + max(0, scatter - backward))
  }

  /// Bytes of the fullest device: the first stage holds most microbatches, the last one logits.
  ///
  /// Of a layer 34·B·N·D bytes in 16 bits, of which a tensor group shares 24 or, with norms, all, and attention's matrices where it
  /// keeps them (Korthikanti et al.: Reducing Activation Recomputation in Large Transformer Models, 2022).
  private func memory(
    _ estimate: inout LayoutEstimate, _ run: TrainingRun, _ layout: ParallelLayout, _ weights: ShardWeights,
    stream: Double, rows: Double
  ) {
    let (t, d, p) = (Double(layout.tensor), Double(layout.data), layout.pipeline)
    let layers = Double(run.shape.layers / p)
    let (w, g, o) = (run.widths.weights, run.widths.gradients, run.widths.optimizer)
    let bytes: Double =
      switch layout.sharding {
      case .none: w + g + o
      case .optimizer: w + g + o / d
      case .gradients: w + (g + o) / d
      case .weights: (w + g + o) / d
      }
    estimate.stateBytes = weights.stage(layers: layers, stages: p) * bytes
    // A layer's matrices are whole while it works.
    if layout.sharding == .weights { estimate.stateBytes += 2 * weights.layer * w }
    let shared = layout.sharesNorms ? t : 1
    let streams = stream * (5 / shared + 12 / t)
    let a = run.widths.activations
    let matrices: Double =
      switch run.kernel {
      case .materialized(let dropout):
        Double(run.shape.heads) / t * rows * Double(run.sequence) * (dropout ? 2 * a + 1 : a)
      case .tiled: 0
      }
    let (kept, working): (Double, Double) =
      switch layout.recomputation {
      case .none: (streams + matrices, 0)
      case .attention: (streams, matrices)
      case .layer: (stream / shared, streams + matrices)
      }
    func sets(_ rank: Int) -> Double {
      layout.schedule.liveSets(
        rank: rank, stages: p, chunks: layout.chunks, microbatches: estimate.microbatches)
    }
    let logits = 2 * rows * Double((run.shape.vocabulary + layout.tensor - 1) / layout.tensor) * a
    let first = sets(0) * layers * kept + working
    let last = sets(p - 1) * layers * kept + working + logits
    estimate.activationBytes = max(first, last)
  }
}
