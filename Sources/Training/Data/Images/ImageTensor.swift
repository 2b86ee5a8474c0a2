import NumericTypes
import Tensors

/// Memory for images that come from files: a size that is not to be had is an error there.
package enum ImageTensor {
  /// An f32 tensor, its content undefined.
  package static func empty(_ shape: Shape, _ allocator: Allocator) throws(DataError) -> Tensor {
    do throws(TensorError) {
      let bytes: Int
      do throws(NumericsError) { bytes = try DType.f32.byteCount(of: shape.count) } catch {
        throw TensorError.shape(error)
      }
      return try Tensor(storage: Storage(byteCount: bytes, allocator: allocator), dtype: .f32, shape: shape)
    } catch { throw .system(error) }
  }
}
