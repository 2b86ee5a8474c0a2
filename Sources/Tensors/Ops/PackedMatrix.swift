import CVenturi
import Costs
import NumericTypes

/// A weight matrix [outFeatures, inFeatures] laid out for the kernels: panels of 16 outputs, each one forward stream.
///
/// Packing is exact: no weight is requantised. A type without panels of its own takes those of a roomier one that holds
/// its values: 4.6 bits a weight for IQ1 and IQ2 (1.6 to 2.6 in files), 2.5 for Q1_0 and TQ1_0 (1.1 and 1.7), 32 for Q8_K.
/// See `vt_linear.h` for the layout and the order of summation.
public final class PackedMatrix: @unchecked Sendable {
  /// K, the length of an input row.
  public let inFeatures: Int
  /// N, the length of an output row.
  public let outFeatures: Int
  /// The element type.
  public let dtype: DType
  /// What the model calls it; empty where nobody said.
  public let name: String
  /// The C side's view; valid as long as this object.
  let packed: UnsafeMutablePointer<vt_packed>
  private let storage: Storage

  /// The bytes of the packed weights.
  public var byteCount: Int { storage.byteCount }

  /// Packs rows of the source, in parallel.
  ///
  /// - Parameters:
  ///   - name: what the model calls it.
  ///   - rows: a contiguous [outFeatures, inFeatures] tensor of a floating-point or block-quantised type.
  ///   - context: what packs, and allocates the packed copy.
  ///   - releasingSource: whether a mapped source's pages are given back as they are packed, so that a file and its
  ///     packed copy are never both resident.
  /// - Throws: ``TensorError/unsupportedType(_:operation:)``, ``TensorError/shape(_:)`` for a shape that is no matrix, or
  ///   a quantised one whose rows are no whole number of blocks, ``TensorError/outOfMemory(bytes:)``.
  public init(
    _ name: String = "", packing rows: Tensor, context: Context, releasingSource: Bool = false
  ) throws(TensorError) {
    self.name = name
    guard let format = rows.dtype.packedFormat else { throw .unsupportedType(rows.dtype, operation: "packing") }
    guard rows.shape.rank == 2, rows.isContiguous, rows.count > 0 else {
      throw .shape(.unexpectedShape(rows.shape, expected: "a contiguous [outFeatures, inFeatures]"))
    }
    inFeatures = rows.shape[1]
    outFeatures = rows.shape[0]
    dtype = rows.dtype
    // The C side counts in 32 bits; panels of a sane matrix stay far below.
    guard let k = Int32(exactly: inFeatures), let n = Int32(exactly: outFeatures), inFeatures <= 1 << 24 else {
      throw .shape(.unexpectedShape(rows.shape, expected: "extents below 2^24"))
    }
    let panelBytes = vt_panel_bytes(format, k)
    let panels = (outFeatures + 15) / 16
    let bytes: Int
    do { bytes = try checkedProduct(panelBytes, panels, "the packed size of \(rows.shape)") } catch {
      throw .shape(error)
    }
    storage = try context.weights.storage(bytes)
    packed = .allocate(capacity: 1)
    packed.initialize(
      to: vt_packed(
        format: vt_format_form(format), k: k, n: n,
        panels: UnsafePointer(storage.base.assumingMemoryBound(to: UInt8.self)), panel_bytes: panelBytes))

    let source = UnsafeRawPointer(rows.pointer)
    let target = storage.base
    let rowBytes = inFeatures / rows.dtype.blockLength * rows.dtype.blockBytes
    let outFeatures = outFeatures
    // Chunks of about a megabyte: enough to hand out, and what is resident of a mapped source stays small.
    let each = max(1, (1 << 20) / max(1, rowBytes * 16))
    let release = releasingSource && rows.storage.isMapped
    context.workers.run((panels + each - 1) / each) { item, _ in
      let first = item * each
      let last = min(panels, first + each)
      for panel in first..<last {
        vt_pack_panel(
          format, k, source + panel * 16 * rowBytes, rowBytes, Int32(min(16, outFeatures - panel * 16)),
          target + panel * panelBytes)
      }
      if release {
        vt_advise_done(source + first * 16 * rowBytes, (min(last * 16, outFeatures) - first * 16) * rowBytes)
      }
    }
  }

  /// A matrix that lies packed at the start of `storage`, which may hold more.
  init(viewing storage: Storage, _ view: vt_packed, dtype: DType) {
    name = ""
    inFeatures = Int(view.k)
    outFeatures = Int(view.n)
    self.dtype = dtype
    self.storage = storage
    packed = .allocate(capacity: 1)
    packed.initialize(to: view)
  }

  deinit { packed.deallocate() }

  /// What the product with `rows` input rows computes and moves at least.
  public func cost(rows: Int) -> OperationCost {
    OperationCost(
      flops: 2 * Double(rows) * Double(inFeatures) * Double(outFeatures),
      bytesRead: Double(byteCount) + 4 * Double(rows) * Double(inFeatures),
      bytesWritten: 4 * Double(rows) * Double(outFeatures))
  }

  /// What looking up `count` rows moves at least: the rows as they are packed, and as f32.
  public func rowsCost(_ count: Int) -> OperatorCost {
    let panels = (outFeatures + Int(VT_PANEL) - 1) / Int(VT_PANEL)
    let packed = Double(count) * Double(byteCount / panels) / Double(VT_PANEL)
    return OperatorCost(
      bytesRead: packed + 4 * Double(count), bytesWritten: 4 * Double(count * inFeatures), residentBytes: packed)
  }
}

/// Decodes `count` elements of a row at `source` to f32, exactly as the type defines it.
///
/// - Precondition: the type is f32, f16, bf16 or block-quantised, and `count` is a whole number of blocks.
public func decodeRow(_ dtype: DType, count: Int, from source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>)
{
  guard let format = dtype.packedFormat else { preconditionFailure("\(dtype.displayName) rows are not decoded") }
  vt_decode_row(format, Int32(count), source, target)
}
