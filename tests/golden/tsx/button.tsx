import * as React from 'react';

type Props = { label: string; onPress?: (x: number) => void };

/** A button. */
export const Button: React.FC<Props> = ({ label, onPress }) => {
  const [count, setCount] = React.useState<number>(0);

  // Counts the presses.
  const press = React.useCallback(() => {
    setCount(count + 1);
    onPress?.(count);
  }, [count]);

  return (
    <button onClick={press} title="{not code}">
      {label} {'🙂'} {count > 1 ? <b>many</b> : null}
    </button>
  );
};

export const Fancy = React.forwardRef<HTMLDivElement, Props>((props, ref) => (
  <div ref={ref}>{props.label}</div>
));

export default function App(): JSX.Element {
  function renderRow(row: Row) {
    return <Row {...row} onClick={() => open(row.id)} />;
  }
  return <>{rows.map(renderRow)}</>;
}

export class Legacy extends React.Component<Props> {
  state = { open: false };
  static defaultProps = { label: '' };

  componentDidMount() {
    this.setState({ open: true });
  }

  render() {
    return this.state.open && <Button label="x" />;
  }
}

function useThing<T,>(initial: T): [T, (next: T) => void] {
  return React.useState(initial);
}

export enum Size { Small, Large }

export interface Row { id: number }

const withTheme = <P extends object>(Inner: React.ComponentType<P>) =>
  function Themed(props: P) {
    return <Inner {...props} theme="dark" />;
  };
