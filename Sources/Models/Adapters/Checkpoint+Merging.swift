import Formats
import NumericTypes
import Tensors

extension Checkpoint {
  /// The names of the tensors that an adapter changes.
  ///
  /// - Throws: ``ModelError/adapter(target:problem:)``, ``/Formats/FormatError``.
  public func tensors(changedBy adapter: LowRankAdapter) throws -> [CheckpointTensor] {
    try changes(of: adapter).map(\.tensor)
  }

  /// The checkpoint with W + s·B·A in the place of each W that an adapter changes: as f32, made when it is asked for,
  /// whatever type W has. Each element's sum is taken in binary64 and rounded once.
  ///
  /// - Parameters:
  ///   - adapter: its changes.
  ///   - scale: a factor for all of them.
  /// - Throws: ``ModelError/adapter(target:problem:)`` for one that is not this model's; ``/Formats/FormatError``.
  public func merged(with adapter: LowRankAdapter, scale: Float = 1) throws -> Checkpoint {
    var tensors = tensors
    for (tensor, target) in try changes(of: adapter) {
      guard let place = tensors.firstIndex(where: { $0.name == tensor.name }) else { continue }
      let factor = Double(adapter.scale(of: target)) * Double(scale)
      tensors[place] = try CheckpointTensor(
        name: tensor.name, dtype: .f32, shape: tensor.shape, infoOffset: tensor.infoOffset,
        content: .made { bytes in try Self.merge(target, factor, into: tensor, bytes) })
    }
    return Checkpoint(path: path, entries: entries, tensors: tensors, folder: folder, files: files)
  }

  private static func merge(
    _ target: LowRankAdapter.Target, _ factor: Double, into tensor: CheckpointTensor,
    _ bytes: UnsafeMutableRawBufferPointer
  ) throws {
    let base = try tensor.values()
    let (width, rank) = (target.inFeatures, target.rank)
    let rowBytes = try tensor.dtype.byteCount(of: width)
    let values = bytes.bindMemory(to: Float.self)
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<target.outFeatures {
      guard let out = values.baseAddress.map({ $0 + row * width }) else { return }
      decodeRow(tensor.dtype, count: width, from: UnsafeRawPointer(base.pointer) + row * rowBytes, to: out)
      for column in 0..<width { sums[column] = Double(out[column]) }
      for r in 0..<rank {
        let b = factor * Double(target.b[row * rank + r])
        for column in 0..<width { sums[column] += b * Double(target.a[r * width + column]) }
      }
      for column in 0..<width { out[column] = Float(sums[column]) }
    }
  }

  private func changes(
    of adapter: LowRankAdapter
  ) throws -> [(tensor: CheckpointTensor, target: LowRankAdapter.Target)] {
    let architecture = try Architecture.of(self)
    guard let translate = architecture.translateAdapter else {
      throw ModelError.adapter(target: "adapter", problem: "models of '\(architecture.name)' take no adapters")
    }
    return try translate(adapter, self).targets.map { target in
      guard let tensor = tensorIfPresent(target.name + ".weight") else {
        throw ModelError.adapter(
          target: target.name, problem: "the model has no such matrix that an adapter can change")
      }
      guard tensor.shape == [target.outFeatures, target.inFeatures] else {
        throw ModelError.adapter(
          target: target.name,
          problem: "it changes a matrix of \(target.outFeatures)×\(target.inFeatures), the model's is \(tensor.shape)")
      }
      return (tensor, target)
    }
  }
}
