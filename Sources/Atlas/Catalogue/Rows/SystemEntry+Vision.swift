extension SystemEntry {
  /// Vision and generative models.
  static let vision: [SystemEntry] = [
    SystemEntry(
      43, "simplenet", "SimpleNet", .vision, .vision, arXiv: "1608.06037",
      "A plain convolutional network of thirteen layers from a few explicit rules of design.",
      keywords: "CNN, image classification, 3x3 convolution, simple architecture, CIFAR, few parameters"),
    SystemEntry(
      18, "leyolo", "LeYOLO", .vision, .vision, arXiv: "2406.14239",
      "An object detector that counts operations: inverted bottlenecks, a lean neck and a light head.",
      keywords: "object detection, YOLO, FLOPs, embedded, inverted bottleneck, FPAN, DNiN"),
    SystemEntry(
      31, "bottlefit", "BottleFit", .vision, .vision, arXiv: "2201.02693",
      "Splits a classifier between a weak device and a server at a narrow layer trained by distillation.",
      keywords: "split computing, bottleneck, head distillation, edge offload, compression of features"),
    SystemEntry(
      6, "turbo-vaed", "Turbo-VAED", .vision, .vision, arXiv: "2508.09136",
      "A small decoder of video latents, redesigned for phones and distilled from a frozen large one.",
      keywords: "video VAE, decoder, mobile, distillation, depthwise 3D convolution, latent video"),
    SystemEntry(
      28, "compact-3dgs", "Compact 3D Gaussians", .vision, .vision, arXiv: "2311.13681",
      "Gaussian splatting scenes with useless splats masked out, a neural colour field and vector codes.",
      keywords: "3D Gaussian splatting, compact scene, masking, residual vector quantisation, rendering"),
    SystemEntry(
      65, "ngpc", "NGPC", .vision, .vision, arXiv: "2303.05735",
      "Neural graphics from hashed grids and small networks in one kernel, and hardware for it, simulated.",
      keywords: "neural graphics, hash grid, NeRF, MLP, fused kernel, accelerator simulation"),
    SystemEntry(
      12, "weighted-cfm", "Weighted Conditional Flow Matching", .vision, .vision, arXiv: "2507.22270",
      "Generative flows with straighter paths: random pairs count by how near they are, so no transport is solved.",
      keywords: "flow matching, optimal transport, generative model, entropic, fewer ODE steps, unpaired"),
    SystemEntry(
      24, "sid-protein", "SiD-Protein", .vision, .vision, arXiv: "2510.03095",
      "Distils a generator of protein backbones into a few steps by matching scores.",
      keywords: "protein backbone, score distillation, few-step, flow matching, generative, diffusion"),
    SystemEntry(
      29, "t3-merging", "T³", .vision, .vision, arXiv: "2510.27265",
      "Merges a general and a specialised model anew for each sample, by how far their outputs differ.",
      keywords: "model merging, test-time adaptation, interpolation, Jensen-Shannon, vision-language, robustness"),
    SystemEntry(
      7, "ce-ssl", "CE-SSL", .vision, .vision, arXiv: "2406.14377",
      "Low-rank fine-tuning with few labels: random deactivation and ranks given out once.",
      keywords: "semi-supervised, LoRA, ECG, low-rank, rank allocation, consistency, cheap fine-tuning"),
    SystemEntry(
      11, "efficientvla", "EfficientVLA", .vision, .vision, arXiv: "2506.10100",
      "Speeds up a robot policy without training: fewer layers, fewer visual tokens, cached action steps.",
      keywords: "vision-language-action, layer pruning, visual token selection, diffusion caching, training-free"),
    SystemEntry(
      109, "memristor-lsm", "Memristor-LSM", .vision, .vision, arXiv: "2307.00771",
      "A fixed random spiking reservoir encodes events; only linear maps are trained, by contrast.",
      keywords: "spiking network, liquid state machine, memristor, reservoir, zero-shot, event camera, contrastive"),
  ]
}
