"""A DCGAN as one would write it after PyTorch's examples (Radford et al. 2016), in one file that knows nothing of this project.

python plain_torch.py FOLDER --out OUT --steps 40 --size 64 --batch 64 [--channels-last]

The last line that it prints is `steady IMAGES SECONDS`: real pictures, and the time they took, after the first `--warm` steps.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.utils import save_image

LATENT, WIDTH = 100, 64


def widths(size: int) -> list[int]:
    """Channels from the picture's side down to 4 x 4: 64, 128, 256, 512 and, for larger pictures, 512 again."""
    return [min(WIDTH * 2**level, 8 * WIDTH) for level in range(size.bit_length() - 3)]


def generator(size: int) -> nn.Sequential:
    """(N, LATENT, 1, 1) to (N, 3, size, size) in -1..1."""
    *between, deepest = widths(size)
    layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, deepest, 4, 1, 0, bias=False), nn.BatchNorm2d(deepest), nn.ReLU(True)]
    for width in reversed(between):
        layers += [nn.ConvTranspose2d(deepest, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
        deepest = width
    return nn.Sequential(*layers, nn.ConvTranspose2d(deepest, 3, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(size: int) -> nn.Sequential:
    """(N, 3, size, size) to (N, 1, 1, 1) in 0..1."""
    last, *others = widths(size)
    layers: list[nn.Module] = [nn.Conv2d(3, last, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for width in others:
        layers += [nn.Conv2d(last, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.2, True)]
        last = width
    return nn.Sequential(*layers, nn.Conv2d(last, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    for name, default in (("steps", 40), ("warm", 5), ("size", 64), ("batch", 64), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--channels-last", action="store_true")
    asked = parser.parse_args()
    torch.manual_seed(1)
    order = torch.channels_last if asked.channels_last else torch.contiguous_format

    half = (0.5, 0.5, 0.5)
    prepare = [transforms.Resize(asked.size), transforms.CenterCrop(asked.size), transforms.ToTensor(), transforms.Normalize(half, half)]
    pictures = ImageFolder(str(asked.folder), transform=transforms.Compose(prepare))
    loader = DataLoader(pictures, batch_size=asked.batch, shuffle=True, num_workers=asked.workers, drop_last=True)

    draws, judges = (network(asked.size).apply(initialise).to(memory_format=order) for network in (generator, discriminator))
    loss = nn.BCELoss()
    for_judge, for_drawer = (torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (judges, draws))
    fixed = torch.randn(64, LATENT, 1, 1)
    ones, zeros = torch.ones(asked.batch), torch.zeros(asked.batch)
    asked.out.mkdir(parents=True, exist_ok=True)

    step, warmed = 0, 0.0
    while step < asked.steps:
        for real, _ in loader:
            real = real.to(memory_format=order)
            judges.zero_grad()
            on_real = judges(real).view(-1)
            loss_real = loss(on_real, ones)
            loss_real.backward()
            fake = draws(torch.randn(asked.batch, LATENT, 1, 1))
            on_fake = judges(fake.detach()).view(-1)
            loss_fake = loss(on_fake, zeros)
            loss_fake.backward()
            for_judge.step()

            draws.zero_grad()
            again = judges(fake).view(-1)
            loss_drawer = loss(again, ones)
            loss_drawer.backward()
            for_drawer.step()

            loss_judge = loss_real.item() + loss_fake.item()
            means = f"{on_real.mean().item():.4f} {on_fake.mean().item():.4f} {again.mean().item():.4f}"
            print(f"[{step}/{asked.steps}] {loss_judge:.4f} {loss_drawer.item():.4f} {means}", flush=True)
            if step % 100 == 0:
                save_image(real, asked.out / "real.png", normalize=True)
                with torch.no_grad():
                    save_image(draws(fixed), asked.out / f"{step:06d}.png", normalize=True)
            step += 1
            finished = time.perf_counter()
            if step == asked.warm:
                warmed = finished
            if step == asked.steps:
                break
    torch.save(draws.state_dict(), asked.out / "generator.pt")
    torch.save(judges.state_dict(), asked.out / "discriminator.pt")
    print("steady", (asked.steps - asked.warm) * asked.batch, finished - warmed)


if __name__ == "__main__":
    main()
