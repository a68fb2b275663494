import React from "react";

type Props = { name: string };

@observer
export class List extends React.Component<Props> {
  state = { open: false };

  render(): JSX.Element {
    return <Item name={this.props.name} onClick={() => this.setState({ open: true })} />;
  }
}

export const Item = ({ name, onClick }: Props & { onClick?: () => void }) => <b>{shout(name)}</b>;
